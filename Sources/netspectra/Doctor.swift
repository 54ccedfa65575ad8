import ArgumentParser
import KernelIO
import Outputs
import Probes

/// `netspectra doctor`: whether traces work here, what of running programs they see, and what to do.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say whether traces work here, and which programs' TLS they see.",
        usage: "netspectra doctor [--json]",
        discussion: """
            Looks at the kernel and at the privileges, loads the programs that a trace loads, sets a probe for itself \
            alone, and tries to get out of the confinement in which a trace reads. Then looks into the running \
            programs for the TLS they speak. Nobody else is touched.

            The exit code is 0 where traces work, 77 where only privileges are missing, and 69 otherwise.

            Examples:
              sudo netspectra doctor
              sudo netspectra doctor --json | jq '.libraries[] | select(.verdict != "covered")'
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let modules = ProbeRegistry.tls
        let facts = SystemFacts.gather(modules)
        let report = DoctorReport(
            checks: facts.checks, libraries: LibraryCoverage.survey(ProcessSurvey.processes(modules), modules),
            obstacle: facts.obstacle)
        let text = json ? report.json : report.text(width: SnapshotSink.width ?? 80, style: SnapshotSink.style)
        try StandardOutput.write(text + "\n")
        if let obstacle = facts.obstacle {
            throw obstacle.kind == .permission ? Exit.notPermitted : Exit.unavailable
        }
    }
}
