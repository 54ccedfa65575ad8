/// Draws ranks whose probability falls as rank^-exponent: a few large flows, many small ones.
struct ZipfSampler {
    /// The sum of the weights up to and with each rank.
    private let cumulative: [Double]

    init(count: Int, exponent: Double) {
        var sum = 0.0
        cumulative = (1...count).map { rank in
            sum += Power.of(Double(rank), -exponent)
            return sum
        }
    }

    /// 0 ..< count
    func draw(_ random: inout RandomSource) -> Int {
        let wanted = random.unit() * cumulative[cumulative.count - 1]
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
