import Cryptography
import Events
import KernelIO
import Pipeline
import Probes

/// What the reading half of a trace has of the other one: it is given the ring through it, and told the end.
struct ReaderLink {
    let socket: MessageSocket

    /// - Returns: `nil` where the other half has failed; it has said why.
    func receiveBuffers() -> RecordBuffers? {
        var descriptors: [Int32] = []
        while let (octets, descriptor) = socket.receive(atMost: TraceMessage.octetsMax), let descriptor {
            switch TraceMessage(octets) {
            case .ring: return .ring(descriptor)
            case .buffer(let exponent, let isLast):
                descriptors.append(descriptor)
                if isLast { return .perProcessor(descriptors, octets: 1 << Int(exponent)) }
            default: return nil
            }
        }
        return nil
    }

    /// All that needs privileges, files or system calls that are forbidden afterwards; then what forbids them.
    /// - Parameters:
    ///   - outputs: descriptors that stay open.
    ///   - prepare: what else is to be done before.
    func confine(
        reading buffers: RecordBuffers, outputs: [Int32], isConfined: Bool, _ prepare: () -> Void = {}
    ) throws -> RecordReader {
        let reader = try RecordReader(buffers)
        ChildProcess.closeAll(but: outputs + buffers.descriptors + reader.descriptors + [socket.descriptor])
        prepare()
        LibCrypto.load()
        let layers = isConfined ? try Sandbox.enter() : []
        socket.write(TraceMessage.reading(layers).octets)
        return reader
    }
}
