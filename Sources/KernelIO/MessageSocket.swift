import CKernelIO
import Glibc

/// One end of a connection between two processes of this program, which carries short messages and descriptors.
public final class MessageSocket {
    /// -1 when this end was closed.
    public private(set) var descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Both ends: after a fork each process lets go of one.
    public static func makePair() throws(SystemFailure) -> (MessageSocket, MessageSocket) {
        var descriptors: [Int32] = [-1, -1]
        // SAFETY: the function writes two descriptors during the call.
        let code = unsafe ns_socket_pair(&descriptors)
        guard code == 0 else { throw SystemFailure(operation: "make", path: "a pair of sockets", errno: code) }
        return (MessageSocket(descriptors[0]), MessageSocket(descriptors[1]))
    }

    /// Sends a message, with a copy of a descriptor where one is given.
    public func send(_ octets: [UInt8], descriptor: Int32 = -1) throws(SystemFailure) {
        // SAFETY: the function reads the octets during the call.
        let code = unsafe ns_send(self.descriptor, octets, octets.count, descriptor)
        guard code == 0 else { throw SystemFailure(operation: "send to", path: "the other process", errno: code) }
    }

    /// Waits for a message, and for the descriptor that may come with it.
    /// - Returns: `nil` when the other end is closed.
    public func receive(atMost count: Int) -> (octets: [UInt8], descriptor: Int32?)? {
        var octets = [UInt8](repeating: 0, count: count)
        var descriptor: Int32 = -1
        // SAFETY: the function writes at most `count` octets and a descriptor during the call.
        let received = unsafe ns_receive(self.descriptor, &octets, count, &descriptor)
        guard received > 0 else { return nil }
        return (Array(octets.prefix(received)), descriptor >= 0 ? descriptor : nil)
    }

    /// As `receive`, with nothing but read(2), which a confined process has.
    public func read(atMost count: Int) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: count)
        // SAFETY: read(2) writes at most `count` octets during the call.
        let received = unsafe Glibc.read(descriptor, &octets, count)
        guard received > 0 else { return nil }
        return Array(octets.prefix(received))
    }

    /// As `send`, with nothing but write(2). Where the other process is gone, nobody is to be told.
    public func write(_ octets: [UInt8]) {
        // SAFETY: write(2) reads the octets during the call.
        _ = unsafe Glibc.write(descriptor, octets, octets.count)
    }
}

/// Waits for descriptors.
public enum Descriptors {
    public static func close(_ descriptors: [Int32]) { for descriptor in descriptors { Glibc.close(descriptor) } }

    /// Those that this process has open; none where `/proc` does not tell.
    public static var open: Set<Int32> {
        let names = (try? FileTree.names(in: "/proc/self/fd")) ?? []
        // The one that the directory itself was read through is closed by now.
        return Set(names.compactMap { Int32($0) }.filter { fcntl($0, F_GETFD) >= 0 })
    }

    /// Raises how many of them this process may have open, where that is less and the system allows it.
    ///
    /// Only who needs them asks for them: programs that this one starts inherit the limit, and some rely on the usual
    /// one (select(2)).
    /// - Returns: how many there may be; 0 where the system does not tell.
    public static func raiseLimit(to wanted: Int) -> Int {
        Int(clamping: ns_raise_descriptor_limit(UInt64(wanted)))
    }

    /// Waits until one of them has something to read, or its other end is gone.
    /// - Returns: for each, whether it has; none after that time.
    public static func waitUntilReadable(_ descriptors: [Int32], milliseconds: Int32) -> [Bool] {
        var requests = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        // SAFETY: poll(2) reads and writes as many requests as there are during the call.
        let count = unsafe poll(&requests, nfds_t(requests.count), milliseconds)
        return requests.map { count > 0 && $0.revents != 0 }
    }
}
