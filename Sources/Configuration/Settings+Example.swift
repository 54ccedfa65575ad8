extension Settings {
    /// A complete file with every setting and what it means, for `netspectra analyze --config-example` and the docs.
    public static let example = """
        # Settings of `netspectra COMMAND --config FILE`: aggregator, output and alerts are those of analyze, redact
        # that of messages and replay. Each option of the command line overrides its setting here. Every key may be
        # left out.

        aggregator:
          # Threads that count, 1 to 1024. Left out: as many as the machine has. Results do not depend on it.
          num_workers: 4
          # Without effect, for files of Go2NetSpectra: no queue stands between reading and counting here.
          size_of_packet_channel: 10000

          # A snapshot of all tasks each so often (300ms, 30s, 5m, 1h30m), besides the final one.
          # Left out: only the final one.
          snapshot_interval: "30s"
          # By which time: "capture" cuts by the packets' times, so results repeat; "wall" by the clock of this machine.
          # Left out: capture for files, wall for live traffic.
          snapshot_clock: capture
          # false: each snapshot starts the next one from zero. true: counters go on.
          cumulative: false
          # Where snapshots are written, a directory each: YYYY-MM-DD_HH-MM-SS/TASK/shard_N.dat and summary.json.
          storage_root_path: "./data"

          # The most memory of flow tables (512MiB, 2GiB; MB and GB are powers of 1000). Beyond it the smallest flows
          # are put into one row "other" per task, so totals stay right. Left out: no limit.
          max_memory: 2GiB
          # Which IP header of tunnelled packets names the flow: outer or inner.
          tunnels: outer
          # Only packets for which this holds are counted: comparisons such as "dst_port in {80, 443}", or tcpdump's
          # words such as "tcp port 443 and net 10.0.0.0/8".
          where: "ip or ip6"
          # true: both directions of a conversation share a row, with counters for each. A task may say otherwise.
          bidirectional: false

          # What is counted. Left out: one task, the five-tuple.
          exact_tasks:
            - name: per_five_tuple
              # Any of SrcIP, DstIP, SrcPort, DstPort, Protocol, VLAN; addresses with a prefix: SrcIP/24 for both
              # families, SrcIP/24/48 for IPv4 and IPv6. 5tuple stands for the first five.
              key_fields: [SrcIP, DstIP, SrcPort, DstPort, Protocol]
              # Files that the task's rows are divided among; numbers above 512 stand for 512.
              num_shards: 1
            - name: per_conversation
              key_fields: 5tuple
              bidirectional: true
            - name: per_source_network
              key_fields: [SrcIP/24/48]
              # The most memory of this task alone. It counts exactly until then; beyond it the smallest flows go into
              # "other" and a sketch, and each row says how much of it may be missing.
              memory: 64MiB

          # Where else snapshots go, each at an interval of its own; each on a thread of its own, so that one that is
          # slow or fails neither delays nor changes what the others write. --store and --output stand in for them.
          writers:
            - type: sqlite
              snapshot_interval: 1m
              sqlite: {path: netspectra.db, keep: 30d}
            - type: clickhouse
              # Files of Go2NetSpectra have such writers too. The port is that of HTTP, 8123 if left out.
              enabled: false
              snapshot_interval: 30s
              clickhouse: {host: localhost, port: 8123, database: netspectra, username: default, password: "",
                           secure: false, keep: 90d, spool: waiting}
            - type: directory
              enabled: false
              snapshot_interval: 1h
              directory: {root_path: data/hourly}

          # What is counted in sketches, whose memory does not grow; each result carries its bound (docs/sketches.md).
          sketch:
            tasks:
              # skt_type 0, count_min: keys with many packets or octets.
              - name: heavy_sources
                skt_type: 0
                flow_fields: [SrcIP]
                # Keys with as many octets, or as many packets, are listed.
                size_thereshold: 4096000
                count_thereshold: 4096
                # The size: rows of cells. Or left out for what follows from error and confidence.
                width: 32768
                depth: 2
              # skt_type 1, super_spread: keys with many different elements.
              - name: scanners
                skt_type: 1
                flow_fields: [SrcIP]
                element_fields: [DstIP, DstPort]
                count_thereshold: 1000
                width: 32768
                depth: 2
                # Registers of a cell, and their bits.
                m: 128
                size: 5
                # The share of elements that reach the next rank, and how fast a cell's key grows safe from others.
                base: 0.5
                b: 1.08
              # skt_type 2, hyperloglog: how many different ones there are in all.
              - name: destinations
                skt_type: hyperloglog
                element_fields: [DstIP]
                # An estimate is off by at most this share, with this probability.
                error: 0.02
                confidence: 0.99
              # skt_type 3, space_saving: the keys with the most octets, with certain bounds.
              - name: top_pairs
                skt_type: space_saving
                flow_fields: [SrcIP, DstIP]
                counters: 1000

        output:
          # table, json, ndjson or csv.
          format: table
          # bytes, packets, first_seen, last_seen, duration or key.
          sort: bytes
          # Rows per task, 0 for all.
          top: 10

        # Rules that look at every snapshot, and who is told (docs/alerts.md).
        alerts:
          # Left out: true. false: the rules are only checked.
          enabled: false
          # Messages of all rules together.
          limit: 60/1h
          rules:
            - name: heavy_source
              task: per_source_network
              # Each key's octets in a second, for at least 30 seconds, until they are no more than 8 MB.
              when: bytes/s > 10MB clear 8MB for 30s
              # Only rows that match.
              where: not src net 10.0.0.0/8
              # One message for: rule (all keys of a snapshot), key, or key fields.
              group: rule
              # Messages of this rule.
              limit: 10/10m
              # Notifiers by name. Left out: all.
              notify: [hook, log]
            - name: scan
              task: per_five_tuple
              # Rows of each source. Also: "total bytes > 1GB", "bytes rises > 50% over 5", "new key within 7d",
              # "top 10 bytes changes".
              when: flows > 1000 by SrcIP
            - name: scanner
              task: scanners
              when: spread > 5000
          # Left out: alerts are said on standard error.
          notifiers:
            - name: hook
              type: webhook
              # ${NAME} is read from the environment.
              url: "${ALERT_URL}"
              headers: {Authorization: "${ALERT_TOKEN}"}
              # Left out: the alert as JSON.
              body: '{"text": "{{summary}}"}'
              # Of one try; tries; alerts that may wait.
              timeout: 10s
              tries: 3
              queue: 100
            - name: mail
              type: mail
              host: smtp.example.com
              port: 587
              # auto, starttls, implicit or optional.
              tls: auto
              user: net
              password: "${SMTP_PASSWORD}"
              from: net@example.com
              to: [ops@example.com]
            - name: page
              type: command
              command: [/usr/local/bin/page, --now]
            - name: log
              type: log
              # Left out: standard error.
              path: alerts.ndjson

        # What is taken out of messages before anything is written, unless --no-redact is given.
        # Case does not matter in names.
        redact:
          # Header fields, besides Authorization, Proxy-Authorization, Cookie and Set-Cookie.
          headers: [X-Api-Key]
          # Query parameters of targets and URLs, and parameters of form-encoded bodies.
          query: [access_token]
          # Members of JSON bodies at any depth, and parameters of form-encoded bodies.
          json: [password]
          # remove: "<redacted>". hash: "sha256:" and 16 hex digits, the same for the same secret within a run.
          mode: remove

        """
}
