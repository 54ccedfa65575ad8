import Foundation
import Glibc
import Testing

/// Scenes in the kernel: known programs, and whose their sockets are.
@Suite(.serialized, .enabled(if: SocketWatching.isPossible, "watching sockets needs root, BTF, unshare and python3"))
struct SocketWatchTests {
    @Test func whatConnectsAndWhatAccepts() throws {
        try expectNoMistakes(
            play: """
                for family, address in [(socket.AF_INET, '127.0.0.1'), (socket.AF_INET, '10.99.0.1'),
                                        (socket.AF_INET6, '::1')]:
                    server = listener(family, address)
                    asked, told = Turn(), Turn()
                    def client():
                        connection = socket.create_connection(server.getsockname()[:2])
                        connection.send(b'x')
                        asked.come()
                        told.wait()
                    pid = child(client)
                    accepted, peer = server.accept()
                    accepted.recv(1)
                    asked.wait()
                    ask('accepted', 6, peer, server.getsockname(), pid, me)
                    told.come()
                    os.waitpid(pid, 0)
                    # Its port stays its own while TCP has something to say.
                    ask('ended', 6, server.getsockname(), peer, me, pid)
                """)
    }

    @Test func mappedAddressesAreThoseOfIPv4() throws {
        try expectNoMistakes(
            play: """
                server = listener(socket.AF_INET6, '::')
                asked, told = Turn(), Turn()
                def client():
                    connection = socket.socket(socket.AF_INET6, TCP)
                    connection.connect(('::ffff:127.0.0.1', server.getsockname()[1]))
                    connection.send(b'x')
                    asked.come()
                    told.wait()
                pid = child(client)
                accepted, peer = server.accept()
                accepted.recv(1)
                asked.wait()
                ask('mapped', 6, peer, ('127.0.0.1', server.getsockname()[1]), pid, me)
                told.come()
                datagrams = socket.socket(socket.AF_INET6, UDP)
                datagrams.sendto(b'x', ('::ffff:127.0.0.1', 9))
                ask('datagram', 17, ('127.0.0.1', datagrams.getsockname()[1]), ('127.0.0.1', 9), me, 0)
                """)
    }

    @Test func datagrams() throws {
        try expectNoMistakes(
            play: """
                for family, address in [(socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')]:
                    server = socket.socket(family, UDP)
                    server.bind(('0.0.0.0' if family == socket.AF_INET else '::', 0))
                    port = server.getsockname()[1]
                    done, told = Turn(), Turn()
                    def client():
                        for connects in [False, True]:
                            mine = socket.socket(family, UDP)
                            if connects:
                                mine.connect((address, port))
                                mine.send(b'x')
                            else:
                                mine.sendto(b'x', (address, port))
                            done.come()
                            told.wait()
                    pid = child(client)
                    for kind in ['unconnected', 'connected']:
                        done.wait()
                        octets, peer = server.recvfrom(10)
                        ask(kind, 17, peer, (address, port), pid, me)
                        ask(kind + '-answer', 17, (address, port), peer, me, pid)
                        told.come()
                    os.waitpid(pid, 0)
                """)
    }

    /// Without any octet and without a process behind it.
    @Test func whatIsRefused() throws {
        try expectNoMistakes(
            play: """
                refused = socket.socket(socket.AF_INET, TCP)
                refused.bind(('127.0.0.1', 0))
                mine = refused.getsockname()
                try: refused.connect(('127.0.0.1', 9))
                except ConnectionRefusedError: pass
                ask('bound', 6, mine, ('127.0.0.1', 9), me, 0)
                # Whose port the kernel has chosen: it is told by the other end's.
                waiting = listener()
                waiting.close()
                """)
    }

    @Test func programsThatWereThereBefore() throws {
        try expectNoMistakes(
            prepare: """
                server = listener()
                idle = socket.create_connection(server.getsockname())
                accepted, peer = server.accept()
                datagrams = socket.socket(socket.AF_INET, UDP)
                datagrams.bind(('0.0.0.0', 0))
                """,
            play: """
                ask('idle', 6, peer, server.getsockname(), me, me)
                ask('datagrams', 17, ('127.0.0.1', 9), ('127.0.0.1', datagrams.getsockname()[1]), 0, me)
                ask('listening', 6, ('127.0.0.1', 9), server.getsockname(), 0, me)
                """)
    }

    /// A child that inherits, and one that is handed a descriptor: whoever uses it has it.
    @Test func socketsThatAreInheritedAndHandedOn() throws {
        try expectNoMistakes(
            play: """
                server = listener()
                for way in ['inherited', 'handed']:
                    used, told, seen = Turn(), Turn(), Turn()
                    ours, theirs = socket.socketpair()
                    connection = socket.create_connection(server.getsockname()) if way == 'inherited' else None
                    def other():
                        mine = connection
                        if mine is None: mine = socket.socket(fileno=socket.recv_fds(theirs, 10, 1)[1][0])
                        mine.send(b'y')
                        used.come()
                        told.wait()
                    pid = child(other)
                    if way == 'handed':
                        connection = socket.create_connection(server.getsockname())
                        connection.send(b'x')
                        before = time.time_ns()
                        time.sleep(0.01)
                        socket.send_fds(ours, [b'x'], [connection.fileno()])
                    accepted, peer = server.accept()
                    used.wait()
                    ask(way, 6, peer, server.getsockname(), pid, me)
                    if way == 'handed': ask('before', 6, peer, server.getsockname(), me, me, before)
                    accepted.recv(10)
                    told.come()
                    os.waitpid(pid, 0)
                """)
    }

    /// The port of a process that is gone, and of one that has only closed it, is the next one's.
    @Test(arguments: [true, false]) func portsThatAreUsedAgain(prefersEnds: Bool) throws {
        try expectNoMistakes(
            play: """
                target = socket.socket(socket.AF_INET, UDP)
                target.bind(('127.0.0.1', 0))
                first = socket.socket(socket.AF_INET, UDP)
                first.bind(('127.0.0.1', 0))
                place = first.getsockname()
                first.sendto(b'x', target.getsockname())
                mine = time.time_ns()
                # Who has used it has it: children that inherit it do not.
                target.recv(10)
                first.close()
                time.sleep(2.5)
                for turn in range(3):
                    used, told = Turn(), Turn()
                    def other():
                        again = socket.socket(socket.AF_INET, UDP)
                        again.bind(place)
                        again.sendto(b'y', target.getsockname())
                        used.come()
                        told.wait()
                    pid = child(other)
                    used.wait()
                    ask('again', 17, place, target.getsockname(), pid, me)
                    told.come()
                    os.waitpid(pid, 0)
                    time.sleep(2.5)
                ask('before', 17, place, target.getsockname(), me, me, mine)
                # TCP: the same two ends, one after the other, as only the one that is refused can have them at once.
                server = listener()
                for turn in range(3):
                    used, told = Turn(), Turn()
                    def client():
                        again = socket.socket(socket.AF_INET, TCP)
                        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        # Reset at the end instead of waiting.
                        again.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                        again.bind(('127.0.0.1', place[1]))
                        again.connect(server.getsockname())
                        again.send(b'y')
                        used.come()
                        told.wait()
                    pid = child(client)
                    accepted, peer = server.accept()
                    accepted.recv(1)
                    used.wait()
                    ask('connected-again', 6, peer, server.getsockname(), pid, me)
                    told.come()
                    os.waitpid(pid, 0)
                    accepted.close()
                """, prefersEnds: prefersEnds)
    }

    /// On a kernel that does not tell of uses, looks find what is there for a second or two.
    @Test func withoutUsesLooksFindThem() throws {
        try expectNoMistakes(
            play: """
                server = listener()
                connection = socket.create_connection(server.getsockname())
                accepted, peer = server.accept()
                datagrams = socket.socket(socket.AF_INET, UDP)
                datagrams.bind(('0.0.0.0', 0))
                time.sleep(2.5)
                ask('connection', 6, peer, server.getsockname(), me, me)
                ask('datagrams', 17, ('127.0.0.1', 9), ('127.0.0.1', datagrams.getsockname()[1]), 0, me)
                """, prefersUses: false)
    }

    @Test func namesAndGroups() throws {
        let scene = try SocketScene.run(
            play: """
                server = listener()
                connection = socket.create_connection(server.getsockname())
                open('/proc/self/comm', 'w').write('a scene')
                connection.send(b'x')
                ask('named', 6, connection.getsockname(), server.getsockname(), me, 0)
                """)
        let question = try #require(scene.questions.first)
        let owner = try #require(scene.owners.owners(of: question.key, at: question.time).source.owner)
        #expect(String(decoding: owner.comm.octets, as: UTF8.self) == "a scene")
        #expect(owner.uid == geteuid())
        let groups = try String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8).split(separator: "\n")
        let path = groups.first { $0.hasPrefix("0::") }?.dropFirst(3)
        #expect(scene.owners.path(ofGroup: owner.cgroup) == path.map(String.init))
        #expect(scene.owners.damaged == 0 && scene.owners.lost == 0 && scene.owners.refused == 0)
    }

    private func expectNoMistakes(
        prepare: String = "pass", play: String, prefersUses: Bool = true, prefersEnds: Bool = true
    ) throws {
        let scene = try SocketScene.run(
            prepare: prepare, play: play, prefersUses: prefersUses, prefersEnds: prefersEnds)
        #expect(!scene.questions.isEmpty)
        #expect(scene.mistakes.isEmpty)
    }
}

enum SocketWatching {
    static let isPossible: Bool = {
        let files = ["/sys/kernel/btf/vmlinux", "/usr/bin/unshare"]
        guard geteuid() == 0, files.allSatisfy({ unsafe access($0, R_OK) == 0 }) else { return false }
        return ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":")
            .contains { unsafe access($0 + "/python3", X_OK) == 0 } ?? false
    }()
}
