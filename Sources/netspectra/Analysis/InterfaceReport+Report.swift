import Headers
import Outputs
import Pipeline

extension CaptureFileSummary {
    init(_ interface: InterfaceReport) {
        self.init(
            name: interface.name, format: interface.hasNanoseconds ? "live (ns)" : "live",
            linkTypes: [LinkType(rawValue: interface.linkType).displayName], bytes: nil, packets: interface.frames)
    }
}

extension LedgerReport.Stage {
    /// What became of the frames on an interface that passed the kernel's filter.
    init(_ interface: InterfaceReport) {
        var lost: [LedgerReport.Cause] = []
        if interface.counters.dropped > 0 {
            lost.append(.init("no room in the kernel's buffer", interface.counters.dropped))
        }
        let droppedByInterface = interface.droppedByInterface ?? 0
        if droppedByInterface > 0 { lost.append(.init("dropped by the interface", droppedByInterface)) }
        self.init(
            name: "interface \(interface.name)", unit: "frames",
            seen: interface.counters.received + droppedByInterface, delivered: interface.frames,
            filtered: interface.leftOut.map { [.init($0.cause.causeName, $0.frames)] } ?? [], lost: lost,
            inFlight: interface.inFlight)
    }
}

extension InterfaceReport.LeftOut {
    fileprivate var causeName: String {
        switch self {
        case .beyondLimit: "beyond --packets"
        case .secondSight: "seen twice on the loopback"
        case .filter: "--filter"
        }
    }
}
