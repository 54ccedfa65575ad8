print("| part | measured | goal |\n|---|---:|---:|")
print(ParserSpeed.http1())
print(ParserSpeed.http2())
for row in try Latency.rows() { print(row) }
