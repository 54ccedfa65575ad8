#!/usr/bin/env bash
# Records Examples/tls.pcapng: curl talks TLS 1.3 and then TLS 1.2 to a small server on the loopback interface; the keys of
# the first connection are put into the file. Run as root, after `make build`:
#
#     Examples/record-tls.sh [FILE]
#
# Needs these Debian packages: curl openssl python3 tcpdump. Each run gives another file.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
output=$(realpath -- "${1:-$here/tls.pcapng}")
netspectra=$(realpath -- "${NETSPECTRA:-$here/../.build/debug/netspectra}")
work=$(mktemp -d)
children=()
clean_up() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean_up EXIT
cd "$work"

port=18443 name=www.example.test
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 30 \
    -subj "/C=CH/O=NetSpectra/CN=$name" -addext "subjectAltName=DNS:$name" 2>/dev/null
printf '{"name":"netspectra","speaks":["flows","messages"]}\n' > index.json
cat > server.py <<'END'
import http.server
import ssl


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version, server_version, sys_version = 'HTTP/1.1', 'example', ''

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 18443), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('certificate.pem', 'key.pem')
context.set_alpn_protocols(['http/1.1'])
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
END
python3 server.py &
children+=($!)
tcpdump -q -i lo -w capture.pcap "tcp port $port" 2>/dev/null &
children+=($!)
sleep 1.5
fetch() { curl -s --http1.1 --cacert certificate.pem --resolve "$name:$port:127.0.0.1" "$@" >/dev/null; }
SSLKEYLOGFILE=keys fetch "https://$name:$port/index.json" "https://$name:$port/absent"
fetch --tls-max 1.2 "https://$name:$port/index.json"
sleep 1.5
kill "${children[1]}"
wait "${children[1]}" || true
"$netspectra" edit --inject-keylog keys capture.pcap -o "$output"
