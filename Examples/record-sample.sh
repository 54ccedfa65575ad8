#!/usr/bin/env bash
# Records Examples/sample.pcapng: real programs talking in network namespaces of their own, so nothing leaves the machine
# and no address of it appears (all are documentation addresses, RFC 5737 and RFC 3849). Run as root:
#
#     Examples/record-sample.sh [FILE]
#
# Needs these Debian packages: bind9-dnsutils bsdutils curl dnsmasq-base ethtool iproute2 iputils-ping nftables nginx-light
# openssl python3 wireshark-common; and veth, vxlan, tun and nftables in the kernel. VLAN, GRE and 6in4 are made by
# encapsulate.py, because not every kernel has them. What the recording holds stands in README.md beside this script.
# Each run gives another file: times, ports and keys are what they were.
#
#     namespace client                          namespace server                       namespace branch
#     lan0  192.0.2.10, 2001:db8:1::10  ──────  lan0  192.0.2.1, 2001:db8:1::1
#       vlan30  192.0.2.130/25 (802.1Q 30)        vlan30  192.0.2.129/25
#                                               wan0  198.51.100.1  ───────────────────  wan0  198.51.100.2
#                                                 vxlan7  203.0.113.1/26 ··················  203.0.113.2
#                                                 gre1    203.0.113.65/26 ·················  203.0.113.66
#                                                 sit1    2001:db8:64::1 ·················  2001:db8:64::2
#
# dumpcap listens on lan0 and wan0 of the server: one file, two interfaces.
set -euo pipefail
[[ $EUID -eq 0 ]] || { echo 'Making network namespaces needs root.' >&2; exit 77; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
output=$(realpath -- "${1:-$here/sample.pcapng}")
for tool in ip ethtool nft dnsmasq dig nginx openssl curl ping python3 logger dumpcap; do
    command -v "$tool" >/dev/null || { echo "$tool is missing; the head of this script names the packages." >&2; exit 69; }
done

id=ns$$
client=$id-client server=$id-server branch=$id-branch
work=$(mktemp -d)

clean_up() {
    local name
    for name in "$client" "$server" "$branch"; do
        ip netns pids "$name" 2>/dev/null | xargs -r kill 2>/dev/null || true
        ip netns delete "$name" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT

in_client() { exec_in "$client" "$@"; }
in_server() { exec_in "$server" "$@"; }
in_branch() { exec_in "$branch" "$@"; }
exec_in() { timeout 30 ip netns exec "$@"; }

# Runs a command in a namespace until the recording ends, or for a minute where something went wrong.
keep_in() { timeout 60 ip netns exec "$@" >>"$work/log" 2>&1 </dev/null & }

wait_until() {
    local tries=100
    until "$@" >/dev/null 2>&1; do
        ((tries-- > 0)) || { echo "Never true: $*" >&2; tail "$work/log" >&2; exit 70; }
        sleep 0.1
    done
}

# Names a part of the recording, with a breath before it.
say() {
    echo "$(date +%T) $*" >&2
    sleep 0.8
}

make_network() {
    local name
    for name in "$client" "$server" "$branch"; do
        ip netns add "$name"
        # No duplicate address detection: IPv6 works at once.
        ip netns exec "$name" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
        ip -n "$name" link set lo up
    done
    ip link add lan0 netns "$client" address 02:00:00:00:01:0a type veth \
        peer name lan0 netns "$server" address 02:00:00:00:01:01
    ip link add wan0 netns "$server" address 02:00:00:00:02:01 type veth \
        peer name wan0 netns "$branch" address 02:00:00:00:02:02
    for place in "$client lan0" "$server lan0" "$server wan0" "$branch wan0"; do
        read -r name link <<<"$place"
        # What is recorded shall be what a wire carries: no packets above the MTU, and checksums computed.
        ip -n "$name" link set "$link" up
        ip netns exec "$name" ethtool -K "$link" tx off rx off tso off gso off gro off >/dev/null 2>&1
    done
}

give_addresses() {
    ip -n "$client" address add 192.0.2.10/25 dev lan0
    ip -n "$client" address add 2001:db8:1::10/64 dev lan0
    ip -n "$server" address add 192.0.2.1/25 dev lan0
    ip -n "$server" address add 2001:db8:1::1/64 dev lan0
    ip -n "$server" address add 198.51.100.1/24 dev wan0
    ip -n "$branch" address add 198.51.100.2/24 dev wan0
}

make_tunnels() {
    local encapsulate=$here/encapsulate.py
    ip -n "$server" link add vxlan7 type vxlan id 7 dstport 4789 local 198.51.100.1 remote 198.51.100.2 dev wan0
    ip -n "$branch" link add vxlan7 type vxlan id 7 dstport 4789 local 198.51.100.2 remote 198.51.100.1 dev wan0
    for name in "$server" "$branch"; do
        ip netns exec "$name" ethtool -K vxlan7 tx off tso off gso off >/dev/null 2>&1
        ip -n "$name" link set vxlan7 up
    done
    keep_in "$server" python3 "$encapsulate" gre gre1 198.51.100.1 198.51.100.2
    keep_in "$branch" python3 "$encapsulate" gre gre1 198.51.100.2 198.51.100.1
    keep_in "$server" python3 "$encapsulate" 6in4 sit1 198.51.100.1 198.51.100.2
    keep_in "$branch" python3 "$encapsulate" 6in4 sit1 198.51.100.2 198.51.100.1
    keep_in "$client" python3 "$encapsulate" vlan vlan30 30 lan0
    keep_in "$server" python3 "$encapsulate" vlan vlan30 30 lan0
    for name in "$server" "$branch"; do
        wait_until ip -n "$name" link show gre1 up
        wait_until ip -n "$name" link show sit1 up
    done
    wait_until ip -n "$client" link show vlan30 up
    wait_until ip -n "$server" link show vlan30 up
    ip -n "$server" address add 203.0.113.1/26 dev vxlan7
    ip -n "$branch" address add 203.0.113.2/26 dev vxlan7
    ip -n "$server" address add 203.0.113.65/26 dev gre1
    ip -n "$branch" address add 203.0.113.66/26 dev gre1
    ip -n "$server" address add 2001:db8:64::1/64 dev sit1
    ip -n "$branch" address add 2001:db8:64::2/64 dev sit1
    ip -n "$client" address add 192.0.2.130/25 dev vlan30
    ip -n "$server" address add 192.0.2.129/25 dev vlan30
}

start_services() {
    local www=$work/www
    mkdir -p "$www" "$work/nginx"
    echo '<!doctype html><title>NetSpectra</title><p>A page of the sample capture.' >"$www/index.html"
    # Text that is made, not copied: lines of numbers.
    seq 1 3500 >"$www/numbers.txt"
    seq 1 900 >"$www/short.txt"
    seq 1 9000 >"$www/long.txt"
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=www.example.test \
        -addext 'subjectAltName=DNS:www.example.test' -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
    cat >"$work/nginx.conf" <<CONFIGURATION
daemon off;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events {}
http {
    access_log off;
    client_body_temp_path $work/nginx/body;
    proxy_temp_path $work/nginx/proxy;
    fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi;
    scgi_temp_path $work/nginx/scgi;
    server {
        listen 80; listen [::]:80;
        listen 443 ssl http2; listen [::]:443 ssl http2;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate $work/certificate.pem;
        ssl_certificate_key $work/key.pem;
        root $www;
        location /submit { return 204; }
        location /slow/ { alias $www/; limit_rate 8k; }
    }
}
CONFIGURATION
    chmod -R a+rX "$work"
    keep_in "$server" nginx -e "$work/nginx/error.log" -c "$work/nginx.conf"
    keep_in "$server" dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file="$work/dnsmasq.pid" --user=root \
        --no-resolv --no-hosts --local=/test/ --interface-name=server.example.test,lan0 \
        --host-record=www.example.test,192.0.2.1,2001:db8:1::1 --host-record=vlan.example.test,192.0.2.129 \
        --txt-record=example.test,'v=spf1 -all' --mx-host=example.test,mail.example.test,10 \
        --enable-tftp --tftp-root="$www"
    keep_in "$server" openssl s_server -accept 8443 -cert "$work/certificate.pem" -key "$work/key.pem" -tls1_2 -www -quiet
    keep_in "$server" python3 "$here/datagrams.py" receive 5000
    wait_until in_server curl -sf --max-time 1 -o /dev/null http://127.0.0.1/
    wait_until in_server bash -c 'exec 3<>/dev/tcp/127.0.0.1/8443'
    wait_until in_server dig +tries=1 +time=1 @192.0.2.1 www.example.test
}

# Fetches with curl from one of the namespaces. A failure (a closed port, say) is part of the sample.
get_from() {
    local place=$1
    shift
    "$place" curl --silent --output /dev/null --max-time 10 "$@" || echo "curl $*: $?" >>"$work/log"
}

resolve=(--resolve www.example.test:80:192.0.2.1 --resolve www.example.test:443:192.0.2.1)
resolve6=(--resolve 'www.example.test:80:[2001:db8:1::1]' --resolve 'www.example.test:443:[2001:db8:1::1]')

talk_locally() {
    say 'ARP, neighbour discovery, ICMP, ICMPv6'
    in_client ping -q -c 4 -i 0.25 192.0.2.1 >/dev/null
    in_client ping -q -c 3 -i 0.25 2001:db8:1::1 >/dev/null
    # Two fragments for each, both ways.
    in_client ping -q -c 2 -i 0.25 -s 2000 192.0.2.1 >/dev/null
    in_client ping -q -c 1 -s 2000 2001:db8:1::1 >/dev/null

    say 'DNS'
    local name
    for name in www vlan server gone; do
        in_client dig +tries=1 +time=1 @192.0.2.1 "$name.example.test" A >/dev/null
        in_client dig +tries=1 +time=1 @2001:db8:1::1 "$name.example.test" AAAA >/dev/null
    done
    in_client dig +tries=1 +time=1 @192.0.2.1 example.test TXT >/dev/null
    in_client dig +tries=1 +time=1 @192.0.2.1 example.test MX >/dev/null
    in_client dig +tcp +tries=1 +time=1 @192.0.2.1 www.example.test A >/dev/null

    say 'HTTP over IPv4 and IPv6'
    in_client curl -s -o /dev/null -o /dev/null -o /dev/null "${resolve[@]}" \
        http://www.example.test/ http://www.example.test/short.txt http://www.example.test/absent
    get_from in_client "${resolve[@]}" --data 'a=1&b=2' http://www.example.test/submit
    get_from in_client "${resolve6[@]}" http://www.example.test/numbers.txt
    get_from in_client "${resolve6[@]}" http://www.example.test/

    say 'TLS 1.3 with HTTP/2, TLS 1.2'
    get_from in_client --insecure --http2 "${resolve[@]}" https://www.example.test/numbers.txt
    get_from in_client --insecure --http1.1 "${resolve6[@]}" https://www.example.test/short.txt
    get_from in_client --insecure https://192.0.2.1:8443/

    say 'A closed TCP port, a closed UDP port'
    get_from in_client --max-time 2 http://192.0.2.1:81/
    in_client python3 "$here/datagrams.py" send 192.0.2.1 9 1 64 0

    say 'UDP: syslog, TFTP, a burst; UDP-Lite'
    in_client logger --server 192.0.2.1 --port 5000 --udp 'the sample capture was here'
    get_from in_client tftp://192.0.2.1/short.txt
    in_client python3 "$here/datagrams.py" send 192.0.2.1 5000 60 900 0.002
    in_client python3 "$here/datagrams.py" send 2001:db8:1::1 5000 20 600 0.002
    in_client python3 "$here/datagrams.py" send-lite 192.0.2.1 5000 3 100 0.05
    in_client python3 "$here/datagrams.py" join 239.192.0.1 lan0
}

talk_with_losses() {
    say 'A transfer that loses segments after they were recorded'
    # Every tenth segment from the server is dropped where it enters the client: the recording has it twice.
    in_client nft -f - <<'RULES'
table inet losses {
    chain input {
        type filter hook input priority 0
        tcp sport 80 ip length > 500 numgen inc mod 10 == 6 drop
    }
}
RULES
    get_from in_client "${resolve[@]}" http://www.example.test/long.txt
    in_client nft delete table inet losses
}

talk_on_the_vlan() {
    say 'VLAN 30: ARP, ping, DNS, HTTP'
    in_client ping -q -c 3 -i 0.25 192.0.2.129 >/dev/null
    in_client dig +tries=1 +time=1 @192.0.2.129 vlan.example.test >/dev/null
    get_from in_client http://192.0.2.129/short.txt
    get_from in_client http://192.0.2.129/
}

talk_through_tunnels() {
    say 'VXLAN, GRE, 6in4: ping, DNS, HTTP, TLS'
    in_branch ping -q -c 3 -i 0.25 203.0.113.1 >/dev/null
    get_from in_branch http://203.0.113.1/numbers.txt
    get_from in_branch --insecure https://203.0.113.1/short.txt
    in_branch ping -q -c 3 -i 0.25 203.0.113.65 >/dev/null
    get_from in_branch http://203.0.113.65/short.txt
    in_branch dig +tries=1 +time=1 @203.0.113.65 www.example.test >/dev/null
    in_branch ping -q -c 2 -i 0.25 2001:db8:64::1 >/dev/null
    get_from in_branch 'http://[2001:db8:64::1]/short.txt'
    get_from in_branch http://198.51.100.1/short.txt
}

make_network
say 'recording'
keep_in "$server" dumpcap -q -i lan0 -i wan0 -w "$work/sample.pcapng"
recorder=$!
wait_until test -s "$work/sample.pcapng"
give_addresses
make_tunnels
start_services
# A transfer that goes on for seconds while the others come and go.
get_from in_client http://192.0.2.1/slow/long.txt &
slow=$!
talk_locally
wait "$slow"
talk_with_losses
talk_on_the_vlan
talk_through_tunnels
sleep 0.5
# timeout hands the signal on; dumpcap writes its last blocks and ends.
kill -TERM "$recorder"
wait "$recorder" || true
install -m 644 "$work/sample.pcapng" "$output"
stat -c '%n: %s octets' "$output" >&2
if [[ -s $work/log ]]; then grep -E '^curl ' "$work/log" >&2 || true; fi
