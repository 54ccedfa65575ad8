import AppProtocols
import CaptureTestSupport
import Events
import KernelIO
import Pipeline
import TestSupport
import Testing

@Suite struct EventProcessorTests {
    private typealias Event = (head: EventHead, text: String)

    /// Runs events through a processor and gives what it wrote.
    private func run(
        _ events: [Event], settings change: (inout EventProcessor.Settings) -> Void = { _ in }
    ) throws -> (lines: [String], counts: MessageCounts) {
        var settings = EventProcessor.Settings(registry: .lines)
        change(&settings)
        let written = Written()
        let processor = try EventProcessor(
            settings, makeTools: { NoBodyTools() }, makeRenderer: { LineRenderer() }, output: { written.append($0) })
        for (head, text) in events {
            #expect(processor.write(head, Array(text.utf8).span) == .accepted)
        }
        let (counts, failure) = processor.close()
        #expect(failure == nil)
        #expect(counts.isBalanced)
        return (written.lines, counts)
    }

    @Test func linesCutAnywhereComeOutWholeInTheOrderOfTheirEnds() throws {
        let (lines, counts) = try run([
            (.at(0, pid: 1), "he"), (.at(1, pid: 2), "a\nb"), (.at(2, pid: 1), "llo\n"), (.at(3, pid: 2), "c\n"),
        ])
        #expect(lines == ["2>a", "1>hello", "2>bc"])
        #expect(counts.events == 4)
        #expect(counts.octets == 11)
        #expect(counts.connections == 2)
    }

    @Test func directionsOfAConnectionAreKeptApart() throws {
        let (lines, _) = try run([
            (.at(0, pid: 1, .sent), "ques"), (.at(1, pid: 1, .received), "ans"), (.at(2, pid: 1, .sent), "tion\n"),
            (.at(3, pid: 1, .received), "wer\n"),
        ])
        #expect(lines == ["1>question", "1<answer"])
    }

    @Test func threadsShareTheStreamOfTheirConnection() throws {
        var second = EventHead.at(1, pid: 1)
        second.tid = 99
        #expect(try run([(.at(0, pid: 1), "one "), (second, "line\n")]).lines == ["1>one line"])
    }

    @Test func whatIsIncompleteIsShownAtTheEndInTheOrderOfItsConnections() throws {
        let events: [Event] = (0..<50).map { (.at(Int64($0), pid: UInt32(100 - $0)), "rest") }
        #expect(try run(events).lines == (0..<50).map { "\(100 - $0)>rest…" })
    }

    @Test func silenceShowsWhatIsIncompleteBeforeTheEventThatComesLater() throws {
        let (lines, _) = try run([
            (.at(0, pid: 1), "half"), (.at(50, pid: 2), "other"), (.at(60_000, pid: 3), "late\n"),
        ])
        #expect(lines == ["1>half…", "2>other…", "3>late"])
    }

    @Test func aDestroyedSocketEndsBothDirectionsInEveryProcess() throws {
        let (lines, counts) = try run([
            (.at(0, pid: 1, .sent, sock: 7), "a"), (.at(1, pid: 1, .received, sock: 7), "b"),
            (.at(2, pid: 2, .sent, sock: 7), "c"), (.at(3, pid: 0, sock: 7, kind: .destroyed), ""),
            (.at(4, pid: 1, .sent, sock: 7), "new\n"),
        ])
        #expect(Set(lines.prefix(3)) == ["1>a…", "1<b…", "2>c…"])
        #expect(lines.last == "1>new")
        #expect(counts.connections == 3)
    }

    @Test func gapsAreMarkedWhereTheyAre() throws {
        let (lines, counts) = try run([
            (.at(0, pid: 1), "one\n"), (.at(1, pid: 1, kind: .gap, missing: 5), ""), (.at(2, pid: 1), "two\n"),
        ])
        #expect(lines == ["1>one", "1>[5]", "1>two"])
        #expect(counts.missingOctets == 5)
    }

    @Test func lateEventsWithinTheWindowGoBackToTheirPlace() throws {
        let (lines, _) = try run([
            (.at(0, pid: 1), "head "), (.at(3, pid: 1), "second-half\n"), (.at(2, pid: 1), "first-half "),
        ]) { $0.reorderWindow = 10_000_000 }
        #expect(lines == ["1>head first-half second-half"])
    }

    @Test func eventsThatAreLaterThanTheWindowStayWhereTheyCame() throws {
        let (lines, _) = try run([(.at(100, pid: 1), "late "), (.at(2, pid: 1), "early\n")]) {
            $0.reorderWindow = 10_000_000
        }
        #expect(lines == ["1>late early"])
    }

    @Test(arguments: [1, 2, 3, 5, 16]) func outputDoesNotDependOnTheNumberOfThreads(threads: Int) throws {
        var random = SeededGenerator(seed: 42)
        let events: [Event] = (0..<20_000).map { index in
            let pid = UInt32(1 + random.next() % 300)
            let text = String(repeating: "x", count: Int(random.next() % 30)) + (random.next() % 3 == 0 ? "\n" : "")
            // Now and then everybody is silent for long enough.
            let pause = index / 1_000 * 30_000
            return (.at(Int64(index / 4 + pause), pid: pid, random.next() % 2 == 0 ? .sent : .received), text)
        }
        let one = try run(events) { settings in
            settings.threads = 1
            settings.queueLength = 100
            settings.reorderWindow = 10_000_000
        }
        let many = try run(events) { settings in
            settings.threads = threads
            settings.queueLength = 100
            settings.reorderWindow = 10_000_000
        }
        #expect(many.lines == one.lines)
        #expect(many.counts == one.counts)
        #expect(one.counts.incompleteMessages > 0)
    }

    @Test(arguments: [1, 2, 5]) func longLinesComeOutWholeAmongShortOnes(threads: Int) throws {
        var random = SeededGenerator(seed: 7)
        let events: [Event] = (0..<3_000).map { index in
            let length = random.next() % 4 == 0 ? Int(random.next() % 16_000) : Int(random.next() % 40)
            let text = String(repeating: "abcdefghijklmnop", count: length / 16) + "\(index)\n"
            return (.at(Int64(index), pid: UInt32(1 + random.next() % 20)), text)
        }
        let (lines, _) = try run(events) { $0.threads = threads }
        #expect(lines == events.map { head, text in "\(head.pid)>\(text.dropLast())" })
    }

    @Test func theConnectionSilentForLongestEndsWhenThereAreTooMany() throws {
        let events: [Event] = (0..<2_000).map { (.at(Int64($0), pid: UInt32($0 + 1)), "open") }
        let (lines, counts) = try run(events) { $0.connectionsMax = 160 }
        #expect(lines.count == 2_000)
        #expect(Set(lines).count == 2_000)
        #expect(counts.evictedConnections >= 2_000 - 160)
    }

    @Test func whatDoesNotFitIsDroppedCountedAndMarked() throws {
        var settings = EventProcessor.Settings(registry: .lines)
        settings.policy = .drop
        settings.queueLength = 4
        let written = Written()
        // The output stands still until the gate opens, so the queue fills up.
        let gate = Monitor(false)
        let processor = try EventProcessor(
            settings, makeTools: { NoBodyTools() }, makeRenderer: { LineRenderer() },
            output: { span in
                gate.wait { $0 ? () : nil }
                written.append(span)
            })
        var accepted = 0
        var dropped = 0
        for index in 0..<100 {
            switch processor.write(.at(Int64(index), pid: 1), Array("line\n".utf8).span) {
            case .accepted: accepted += 1
            case .dropped: dropped += 1
            case .closed: Issue.record("closed too early")
            }
        }
        #expect(dropped > 50)
        gate.update { $0 = true }
        while processor.write(.at(1_000, pid: 1), Array("last\n".utf8).span) != .accepted { dropped += 1 }
        let (counts, _) = processor.close()
        #expect(counts.isBalanced)
        #expect(counts.queueFullEvents == UInt64(dropped))
        #expect(counts.deliveredEvents == UInt64(accepted + 1))
        #expect(counts.missingOctets == 5 * UInt64(dropped))
        let lines = written.lines
        #expect(lines.filter { $0 == "1>line" }.count == accepted)
        #expect(lines.suffix(2) == ["1>[\(5 * dropped)]", "1>last"])
    }

    @Test func aLiveEventComesOutWithoutAnother() throws {
        var settings = EventProcessor.Settings(registry: .lines)
        settings.isLive = true
        settings.policy = .drop
        let written = Monitor<[UInt8]>([])
        let processor = try EventProcessor(
            settings, makeTools: { NoBodyTools() }, makeRenderer: { LineRenderer() },
            output: { span in
                let copy = [UInt8](copying: span)
                written.update { $0 += copy }
            })
        var head = EventHead.at(0, pid: 1)
        head.time = Clock.wallNanoseconds
        #expect(processor.write(head, Array("now\n".utf8).span) == .accepted)
        let text = written.wait(nanoseconds: 60_000_000_000) { $0.isEmpty ? nil : $0 }
        #expect(text == Array("1>now\n".utf8))
        _ = processor.close()
    }

    @Test func anOutputThatFailsStopsTheRunAndIsCounted() throws {
        let processor = try EventProcessor(
            EventProcessor.Settings(registry: .lines), makeTools: { NoBodyTools() }, makeRenderer: { LineRenderer() },
            output: { _ throws(SystemFailure) in
                throw SystemFailure(operation: "write", path: "records", errno: 28)
            })
        var answer = EventProcessor.Answer.accepted
        var written: UInt64 = 0
        while answer == .accepted, written < 1_000_000 {
            answer = processor.write(.at(0, pid: 1), Array("line\n".utf8).span)
            written += 1
        }
        #expect(answer == .closed)
        let (counts, failure) = processor.close()
        #expect(failure?.errno == 28)
        #expect(counts.isBalanced)
        #expect(counts.afterCloseEvents == 1)
        #expect(counts.unwrittenRecords == counts.records)
    }

    /// Whoever writes while another closes is told of every event whether it was taken; what was taken comes out.
    @Test(arguments: 0..<8) func closingWhileOthersWriteLosesNothing(round: Int) throws {
        let written = Written()
        let processor = try EventProcessor(
            EventProcessor.Settings(registry: .lines), makeTools: { NoBodyTools() }, makeRenderer: { LineRenderer() },
            output: { written.append($0) })
        let taken = Monitor(0)
        let refused = Monitor<UInt64>(0)
        let writers = try (1...4).map { writer in
            try WorkerThread(name: "writer") {
                for index in 0..<1_000_000 {
                    switch processor.write(.at(0, pid: UInt32(writer)), Array("\(index)\n".utf8).span) {
                    case .accepted: taken.update { $0 += 1 }
                    case .dropped: Issue.record("a source that can wait loses nothing")
                    case .closed: return refused.update { $0 += 1 }
                    }
                }
            }
        }
        taken.wait { $0 >= round * 500 ? () : nil }
        _ = processor.close()
        for writer in writers { writer.join() }
        // Closing again tells the same, those that came too late included.
        let (counts, failure) = processor.close()
        #expect(failure == nil && counts.isBalanced)
        #expect(refused.withLock { $0 } == 4 && counts.afterCloseEvents == 4)
        #expect(counts.deliveredEvents == UInt64(taken.withLock { $0 }))
        let lines = written.lines
        #expect(lines.count == taken.withLock { $0 })
        for writer in 1...4 {
            let own = lines.filter { $0.hasPrefix("\(writer)>") }
            #expect(own == own.indices.map { "\(writer)>\($0)" })
        }
    }

    @Test func severalThreadsMayWrite() throws {
        let written = Written()
        let processor = try EventProcessor(
            EventProcessor.Settings(registry: .lines), makeTools: { NoBodyTools() }, makeRenderer: { LineRenderer() },
            output: { written.append($0) })
        concurrently(8, threads: 8) { writer in
            for index in 0..<5_000 {
                _ = processor.write(.at(Int64(index), pid: UInt32(writer + 1)), Array("\(index)\n".utf8).span)
            }
        }
        let (counts, _) = processor.close()
        #expect(counts.isBalanced)
        #expect(counts.deliveredEvents == 40_000)
        let lines = written.lines
        for writer in 1...8 {
            let own = lines.filter { $0.hasPrefix("\(writer)>") }
            #expect(own == (0..<5_000).map { "\(writer)>\($0)" })
        }
    }
}
