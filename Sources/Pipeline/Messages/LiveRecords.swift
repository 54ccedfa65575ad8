import Events
import Octets

/// Hands records from the kernel to the event processor: as they come, their times made nanoseconds since 1970.
public struct LiveRecords: Sendable {
    private let clock: ClockOffset
    /// Records that were read, whatever became of them.
    public private(set) var records: UInt64 = 0
    /// Of these: those whose layout is wrong, or whose type is not known. A defect: both sides share one header.
    public private(set) var damaged: UInt64 = 0
    /// The processor wanted no more.
    public private(set) var isStopped = false

    public init(clock: ClockOffset) { self.clock = clock }

    public mutating func take(_ record: Span<UInt8>, into entrance: some EventEntrance) {
        records += 1
        do throws(EventFailure) {
            let header = try RecordHeader(record)
            if header.type.isData {
                let view = try DataRecordView(record)
                var head = EventHead(view)
                head.time = clock.unix(view.time)
                note(entrance.write(head, view.data))
            } else if header.type == .socketDestroyed {
                let event = try SocketDestroyedEvent(record: record, clock: clock)
                note(entrance.write(EventHead(destroyed: event.sock, pid: event.pid, at: event.time), Span()))
            } else {
                damaged += 1
            }
        } catch {
            damaged += 1
        }
    }

    private mutating func note(_ answer: EventProcessor.Answer) {
        if answer == .closed { isStopped = true }
    }
}
