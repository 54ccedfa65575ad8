import LiveCapture
import Outputs

/// What `capture --list-interfaces` prints.
enum InterfaceListing {
    static func printAll() throws {
        let interfaces: [NetworkInterface]
        do throws(InterfaceFailure) {
            interfaces = try NetworkInterface.all()
        } catch {
            throw Exit.fail(Exit.cannotOpen, "\(error)")
        }
        var table = TextTable([.init("Interface", .left), .init("State", .left), .init("Addresses", .left)])
        for interface in interfaces {
            let addresses = interface.addresses.joined(separator: " ")
            table.rows.append([
                interface.name, interface.isUp ? "up" : "down", addresses.isEmpty ? interface.details : addresses,
            ])
        }
        try StandardOutput.write(table.text(width: SnapshotSink.width, style: SnapshotSink.style))
    }
}
