import CKernelIO
import Glibc

/// A value guarded by a lock, with waiting: a thread sleeps until the value is as it wants it.
///
/// For what happens once per batch, never per packet.
@safe public final class Monitor<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let conditions: UnsafeMutableBufferPointer<pthread_cond_t>
    private var value: Value

    /// - Parameter groups: of waiters that are woken apart from each other, where some wait for one thing and some for
    ///   another.
    public init(_ value: sending Value, groups: Int = 1) {
        self.value = value
        // SAFETY: all live at a fixed address until `deinit`, and are initialised before anyone else sees `self`.
        unsafe mutex = .allocate(capacity: 1)
        unsafe conditions = .allocate(capacity: groups)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe conditions.initialize(repeating: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        // Waits with an end are told by the clock that nobody sets.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        for group in 0..<groups { unsafe pthread_cond_init(condition(group), &attributes) }
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        // SAFETY: nobody holds a reference any more, so nobody waits or holds the lock.
        for group in unsafe conditions.indices { unsafe pthread_cond_destroy(condition(group)) }
        unsafe pthread_mutex_destroy(mutex)
        unsafe conditions.deallocate()
        unsafe mutex.deallocate()
    }

    private func condition(_ group: Int) -> UnsafeMutablePointer<pthread_cond_t> {
        precondition(unsafe conditions.indices.contains(group), "a monitor has no such group of waiters")
        // SAFETY: the group is one of those that were allocated (checked above), so there is a base address.
        return unsafe conditions.baseAddress! + group
    }

    /// Wakes all waiters of a group.
    private func broadcast(_ group: Int) {
        // SAFETY: the condition is initialised (see `init`).
        unsafe pthread_cond_broadcast(condition(group))
    }

    private func broadcastAll() {
        for group in unsafe 0..<conditions.count { broadcast(group) }
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
            broadcastAll()
            unlock()
        }
        return body(&value)
    }

    /// As `withLock`, and wakes the waiters of those groups that `body` names, once the lock is free for them.
    public func waking(_ body: (inout Value) -> WaitingGroups) {
        lock()
        let woken = body(&value)
        unlock()
        // SAFETY: how many groups there are never changes.
        for group in unsafe 0..<conditions.count where woken.contains(group) { broadcast(group) }
    }

    /// Waits as one of a group until `body` returns something, called alone with the value now and whenever the group
    /// was woken. Wakes nobody.
    public func wait<Result>(in group: Int, _ body: (inout Value) -> Result?) -> Result {
        lock()
        defer { unlock() }
        while true {
            if let result = body(&value) { return result }
            // SAFETY: the lock is held by this thread, as pthread_cond_wait(3) demands.
            unsafe pthread_cond_wait(condition(group), mutex)
        }
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
            unsafe pthread_cond_wait(condition(0), mutex)
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
        if waking(result) { broadcastAll() }
        return result
    }

    /// - Parameter deadline: on the monotonic clock.
    fileprivate func waitUntil<Result>(
        _ deadline: Int64, _ group: Int, _ body: (inout Value) -> Result?
    ) -> Result? {
        lock()
        defer { unlock() }
        var time = timespec(
            tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        while true {
            if let result = body(&value) { return result }
            // SAFETY: as in `wait`; the deadline is read during the call.
            if unsafe pthread_cond_timedwait(condition(group), mutex, &time) != 0 { return body(&value) }
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
    public func wait<Result>(nanoseconds: Int64, in group: Int = 0, _ body: (inout Value) -> Result?) -> Result? {
        waitUntil(Clock.monotonicNanoseconds + nanoseconds, group, body)
    }
}

/// Which groups of a monitor's waiters are woken: bit by bit, the first group in the lowest.
public struct WaitingGroups: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// One group.
    public init(group: Int) { rawValue = 1 << UInt8(group) }

    func contains(_ group: Int) -> Bool { rawValue >> UInt8(group) & 1 == 1 }
}
