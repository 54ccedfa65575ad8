import CKernelIO
import Glibc

/// A value guarded by a lock, with waiting: a thread sleeps until the value is as it wants it.
///
/// For what happens once per batch, never per packet.
@safe public final class Monitor<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    public init(_ value: sending Value) {
        self.value = value
        // SAFETY: both live at a fixed address until `deinit`, and are initialised before anyone else sees `self`.
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        // Waits with an end are told by the clock that nobody sets.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        // SAFETY: nobody holds a reference any more, so nobody waits or holds the lock.
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Runs `body` alone with the value.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body(&value)
    }

    /// As `withLock`, and wakes every waiter to look at the value again.
    public func update<Result>(_ body: (inout Value) -> Result) -> Result {
        lock()
        defer {
            // SAFETY: the condition is initialised (see `init`).
            unsafe pthread_cond_broadcast(condition)
            unlock()
        }
        return body(&value)
    }

    /// Waits until `body` returns something, called alone with the value now and after each update; wakes the other
    /// waiters then, as `body` may have changed the value.
    public func wait<Result>(_ body: (inout Value) -> Result?) -> Result {
        wait(waking: { _ in true }, body)
    }

    /// As `wait`, waking the other waiters only where `waking` says that `body` changed what they wait for.
    public func wait<Result>(waking: (Result) -> Bool, _ body: (inout Value) -> Result?) -> Result {
        lock()
        defer { unlock() }
        while true {
            if let result = look(waking, body) { return result }
            // SAFETY: the lock is held by this thread, as pthread_cond_wait(3) demands.
            unsafe pthread_cond_wait(condition, mutex)
        }
    }

    /// As `wait`, for what comes within microseconds: looks for a while before it sleeps.
    ///
    /// - Parameter waking: whether a result means that the other waiters are to look, too.
    public func waitShortly<Result>(
        waking: (Result) -> Bool = { _ in true }, _ body: (inout Value) -> Result?
    ) -> Result {
        for _ in 0..<Self.spins / 4 {
            lock()
            let result = look(waking, body)
            unlock()
            if let result { return result }
            for _ in 0..<4 { ns_pause() }
        }
        return wait(waking: waking, body)
    }

    /// With the lock held: calls `body` once, and wakes the other waiters if there is reason to.
    private func look<Result>(_ waking: (Result) -> Bool, _ body: (inout Value) -> Result?) -> Result? {
        guard let result = body(&value) else { return nil }
        // SAFETY: as in `update`.
        if waking(result) { unsafe pthread_cond_broadcast(condition) }
        return result
    }

    /// - Parameter deadline: on the monotonic clock.
    fileprivate func waitUntil<Result>(_ deadline: Int64, _ body: (inout Value) -> Result?) -> Result? {
        lock()
        defer { unlock() }
        var time = timespec(
            tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        while true {
            if let result = body(&value) { return result }
            // SAFETY: as in `wait`; the deadline is read during the call.
            if unsafe pthread_cond_timedwait(condition, mutex, &time) != 0 { return body(&value) }
        }
    }

    // SAFETY: the mutex is initialised (see `init`), and each `lock` is paired with an `unlock` by `defer`.
    private func lock() {
        // What the lock guards takes microseconds; sleeping and being woken can take more. So look again for a while.
        for _ in 0..<Self.spins {
            if unsafe pthread_mutex_trylock(mutex) == 0 { return }
            ns_pause()
        }
        unsafe pthread_mutex_lock(mutex)
    }

    /// Some tens of microseconds.
    private static var spins: Int { 1000 }

    // SAFETY: as in `lock`; this thread holds the mutex.
    private func unlock() { unsafe pthread_mutex_unlock(mutex) }
}

extension Monitor {
    /// As `wait`, but gives up after some time: `nil`.
    public func wait<Result>(nanoseconds: Int64, _ body: (inout Value) -> Result?) -> Result? {
        waitUntil(Clock.monotonicNanoseconds + nanoseconds, body)
    }
}
