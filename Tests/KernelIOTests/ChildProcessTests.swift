import Glibc
import KernelIO
import Testing

@Suite struct ChildProcessTests {
    /// Takes its time when it is first used.
    private enum Slow {
        static let value: Int = {
            usleep(300_000)
            return 1
        }()
    }

    /// A thread that came through fork(2) has its parent's number for the runtime's locks. In a process of its own, for
    /// one with many threads should not fork; and none that stands still outlives the test.
    @Test func threadsOfAChildWaitForWhatTheFirstOneBegins() async {
        await #expect(processExitsWith: .success) {
            let child = try ChildProcess.fork {
                let code = try? ChildProcess.onNewThread {
                    let other = try WorkerThread(name: "other") {
                        usleep(100_000)
                        _ = Slow.value
                    }
                    _ = Slow.value
                    other.join()
                    return Int32(0)
                }
                return code ?? 1
            }
            _ = try WorkerThread(name: "deadline") {
                sleep(30)
                child.kill()
            }
            #expect(child.wait() == .exited(0))
        }
    }
}
