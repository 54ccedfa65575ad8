import Flows
import Testing

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("num_worker", "num_workers"), ("numWorkers", "num_workers"), ("nmu_workers", "num_workers"),
        ("exact_task", "exact_tasks"), ("sanpshot_interval", "snapshot_interval"), ("banana", nil), ("", nil),
        ("x", nil),
    ]) func findsMisspellings(word: String, name: String?) {
        let names = ["num_workers", "exact_tasks", "snapshot_interval", "name"]
        #expect(NearestName.find(word, among: names) == name)
    }

    @Test func aVeryLongWordIsNoMisspelling() {
        #expect(NearestName.find(String(repeating: "a", count: 100_000), among: ["aaaa"]) == nil)
    }
}
