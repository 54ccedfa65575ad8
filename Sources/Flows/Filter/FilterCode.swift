/// Exits of a piece of code that do not know their target yet, threaded through the jump fields themselves:
/// each open jump holds the name of the next one. So joining two lists costs nothing, however long they are.
struct OpenJumps {
    /// Twice the instruction's index, plus 1 for `whenFalse`; -1 where the list is empty.
    fileprivate var head: Int32 = -1
    fileprivate var tail: Int32 = -1
}

/// A compiled part of an expression: it starts where it was emitted, and leaves by one of two lists of exits.
struct FilterFragment {
    var whenTrue: OpenJumps
    var whenFalse: OpenJumps
    /// Whether an unparenthesised key-field comparison is a direct part of the chain.
    var isComparison = false

    var negated: FilterFragment { FilterFragment(whenTrue: whenFalse, whenFalse: whenTrue, isComparison: isComparison) }
}

/// The code under construction. Parts are emitted in the order in which they are evaluated, so jumps lead forward.
struct FilterCode {
    private(set) var instructions: [FilterInstruction] = []

    mutating func emit(_ instruction: FilterInstruction) -> FilterFragment {
        let name = Int32(instructions.count) * 2  // at most `testsMax` instructions, so no overflow
        instructions.append(instruction)
        instructions[instructions.count - 1].whenTrue = -1
        instructions[instructions.count - 1].whenFalse = -1
        return FilterFragment(
            whenTrue: OpenJumps(head: name, tail: name), whenFalse: OpenJumps(head: name + 1, tail: name + 1))
    }

    /// To be called between emitting `left` and what follows it: `left`'s true exits lead to the next instruction.
    mutating func continueWhenTrue(_ left: FilterFragment) { close(left.whenTrue, to: Int32(instructions.count)) }
    mutating func continueWhenFalse(_ left: FilterFragment) { close(left.whenFalse, to: Int32(instructions.count)) }

    /// The whole of `left and right`, once `right` was emitted after `continueWhenTrue(left)`.
    mutating func both(_ left: FilterFragment, _ right: FilterFragment) -> FilterFragment {
        FilterFragment(whenTrue: right.whenTrue, whenFalse: join(left.whenFalse, right.whenFalse))
    }

    /// The whole of `left or right`, once `right` was emitted after `continueWhenFalse(left)`.
    mutating func either(_ left: FilterFragment, _ right: FilterFragment) -> FilterFragment {
        FilterFragment(whenTrue: join(left.whenTrue, right.whenTrue), whenFalse: right.whenFalse)
    }

    /// All tests in a row must hold.
    mutating func all(_ tests: [FilterInstruction]) -> FilterFragment {
        var result = emit(tests[0])
        for test in tests.dropFirst() {
            continueWhenTrue(result)
            result = both(result, emit(test))
        }
        return result
    }

    /// One test of several must hold.
    mutating func any(_ tests: [FilterInstruction]) -> FilterFragment {
        var result = emit(tests[0])
        for test in tests.dropFirst() {
            continueWhenFalse(result)
            result = either(result, emit(test))
        }
        return result
    }

    /// Ends the code: true exits accept (`count`), false exits refuse (`count + 1`).
    mutating func finish(_ whole: FilterFragment) {
        close(whole.whenTrue, to: Int32(instructions.count))
        close(whole.whenFalse, to: Int32(instructions.count) + 1)
    }

    private mutating func close(_ list: OpenJumps, to target: Int32) {
        var name = list.head
        while name >= 0 {
            let following = self[name]
            self[name] = target
            name = following
        }
    }

    private mutating func join(_ first: OpenJumps, _ second: OpenJumps) -> OpenJumps {
        guard first.tail >= 0 else { return second }
        self[first.tail] = second.head
        return OpenJumps(head: first.head, tail: second.tail >= 0 ? second.tail : first.tail)
    }

    private subscript(name: Int32) -> Int32 {
        get {
            let instruction = instructions[Int(name / 2)]
            return name % 2 == 0 ? instruction.whenTrue : instruction.whenFalse
        }
        set {
            if name % 2 == 0 {
                instructions[Int(name / 2)].whenTrue = newValue
            } else {
                instructions[Int(name / 2)].whenFalse = newValue
            }
        }
    }
}
