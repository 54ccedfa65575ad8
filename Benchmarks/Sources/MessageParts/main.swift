print("| part | measured | goal | verdict |\n|---|---:|---:|---|")
print(ParserSpeed.http1())
print(ParserSpeed.http2())
for row in try Latency.rows() { print(row) }
