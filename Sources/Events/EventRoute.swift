/// Where an event goes.
public enum EventRoute: UInt8, Sendable, CaseIterable {
    /// Straight to the writer: what a shell or a database was told.
    case output
    /// To the module that asked for it: secrets, packets, connections.
    case moduleData
    /// Plaintext of a connection: through the pipeline.
    case eventProcessor
}
