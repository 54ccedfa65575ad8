import CKernelIO
import Glibc

/// Another program, run and waited for, without a shell.
public enum ProgramRun {
    /// Runs a program until it has ended. What it prints goes to standard error.
    ///
    /// - Parameters:
    ///   - arguments: the program, looked for in `PATH` unless it has a slash, and its arguments.
    ///   - environment: put before the variables of this process.
    ///   - input: what it reads from standard input.
    ///   - timeout: nanoseconds, after which it is killed with all processes that it has started.
    /// - Throws: where it cannot be run, does not end in time, or does not end with 0.
    public static func run(
        _ arguments: [String], environment: [(name: String, value: String)], input: [UInt8], timeout: Int64
    ) throws(SystemFailure) {
        guard let program = arguments.first else { return }
        // A NUL would end the text, and with it what the program is told.
        let variables = environment.map { "\($0.name)=\($0.value.filter { $0 != "\0" })" }
        let ending = unsafe withTexts(arguments) { arguments in
            unsafe withTexts(variables) { variables in
                unsafe input.withUnsafeBytes { input in
                    // SAFETY: both lists end with a null pointer and live, as `input` does, until the call returns.
                    unsafe ns_run_program(
                        arguments, variables, environment.count, input.baseAddress, input.count, timeout)
                }
            }
        }
        if ending.error != 0 { throw SystemFailure(operation: "run", path: program, errno: ending.error) }
        func failure(_ detail: String) -> SystemFailure {
            SystemFailure(operation: "run", path: program, errno: EIO, detail: detail)
        }
        if ending.timed_out != 0 { throw failure("it took too long, and was killed") }
        if ending.is_signal != 0 { throw failure("it was ended by signal \(ending.code)") }
        if ending.code != 0 { throw failure("it ended with \(ending.code)") }
    }

    /// Lends a list of NUL-terminated texts that ends with a null pointer.
    static func withTexts<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        // SAFETY: the copies are freed behind the only use; the null pointer at the end is freed to no effect.
        let copies = unsafe texts.map { unsafe UnsafePointer<CChar>(strdup($0.systemName)) } + [nil]
        defer { unsafe copies.forEach { unsafe free(UnsafeMutableRawPointer(mutating: $0)) } }
        return unsafe copies.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }
}
