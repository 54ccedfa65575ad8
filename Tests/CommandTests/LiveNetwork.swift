import Foundation
import Glibc

/// A network of a test's own: a namespace with pairs of interfaces, `a0`–`b0` and `a1`–`b1`, in which nobody else
/// speaks. What is sent on an `a` arrives on its `b`.
enum LiveNetwork {
    /// Why there can be none; `nil`: there can.
    static let obstacle: String? = {
        if geteuid() != 0 { return "a network of its own needs root" }
        guard let tried = try? Command.shell("unshare --net ip link add a0 type veth peer name b0") else {
            return "no shell"
        }
        return tried.code == 0 ? nil : "no network of its own: \(tried.errors)"
    }()

    /// Functions for scripts; `$N` is the program, and the script runs in a folder of its own.
    ///
    /// * `send ADDRESS PORT COUNT [OCTETS]`: as many UDP packets with so many octets, in one flow; through `a0` for
    ///   10.9.0.9, through `a1` for 10.9.1.9. `spread` does so in a flow for each.
    /// * `begin ARGUMENTS`: starts `netspectra capture` in the background, and waits until it captures.
    /// * `interrupt`: ends it by Ctrl-C, and leaves its exit code in `code`.
    ///
    /// Its output is in `out`, its messages in `err`.
    private static let prelude = """
        set -e
        export PATH=$PATH:/usr/sbin:/sbin
        for protocol in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$protocol; done
        for i in 0 1; do
            ip link add a$i type veth peer name b$i
            for end in a$i b$i; do
                if [ -e /proc/sys/net/ipv6/conf/$end ]; then echo 1 >/proc/sys/net/ipv6/conf/$end/disable_ipv6; fi
            done
            ip address add 10.9.$i.1/24 dev a$i
            ip link set a$i up
            ip link set b$i up
            ip neighbour add 10.9.$i.9 lladdr 02:00:00:00:00:09 nud permanent dev a$i
        done
        ip link set lo up
        send() {
            local text
            text=$(printf "%0${4:-10}d" 0)
            exec 3>/dev/udp/$1/$2
            for ((packet = 0; packet < $3; packet++)); do printf %s "$text" >&3; done
            exec 3>&-
        }
        spread() { for ((packet = 0; packet < $3; packet++)); do echo >/dev/udp/$1/$2; done; }
        begin() {
            # A shell without job control gives what runs in the background no interrupts.
            set -m
            "$N" capture "$@" >out 2>err &
            process=$!
            trap 'test -z "$process" || kill -9 $process' EXIT
            set +m
            until grep -q 'capturing on' err; do
                kill -0 $process 2>/dev/null || { cat err; exit 99; }
                sleep 0.02
            done
        }
        finish() { code=0; wait $process || code=$?; process=; }
        interrupt() { kill -INT $process; finish; }

        """

    /// What a script printed, and the capture's output and messages.
    struct Outcome {
        var script: Command.Outcome
        var output: String
        var errors: String

        var lines: [Substring] { output.split(separator: "\n") }
        /// The ledger of `--format json`.
        func stage(_ name: String) throws -> JSON {
            let stages = try JSON(parsing: output)["summary"]["ledger"]["stages"].array
            return stages.first { $0["stage"].string == name } ?? JSON(nil)
        }
    }

    static func run(_ script: String) throws -> Outcome {
        try Command.withFolder { folder in
            try Data((prelude + script).utf8).write(to: folder.appending(path: "script"))
            let script = try Command.shell("unshare --net bash script", folder: folder)
            func text(_ name: String) -> String {
                (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
            }
            return Outcome(script: script, output: text("out"), errors: text("err"))
        }
    }
}
