import Flows

/// Which tasks are counted packet by packet, and from which of them the others follow.
struct TaskPlan: Sendable {
    let tasks: [FlowTask]
    /// Indices of the tasks that are counted directly.
    let roots: [Int]
    /// For every task the index of the task it is rolled up from; `nil` for roots.
    let parents: [Int?]

    /// A task is a root unless an earlier root, or a later one with a strictly finer key, already tells its rows.
    init(_ tasks: [FlowTask]) {
        self.tasks = tasks
        var roots: [Int] = []
        for index in tasks.indices {
            let follows = tasks.indices.contains { other in
                guard other != index, tasks[index].canRollUp(from: tasks[other]) else { return false }
                // Of tasks that tell each other's rows, the first is counted.
                return !tasks[other].canRollUp(from: tasks[index]) || other < index
            }
            if !follows { roots.append(index) }
        }
        self.roots = roots
        parents = tasks.indices.map { index in
            roots.contains(index) ? nil : roots.first { tasks[index].canRollUp(from: tasks[$0]) }
        }
    }

    /// The position of a task among `roots`.
    func rootPosition(of task: Int) -> Int? { roots.firstIndex(of: task) }
}
