// swift-tools-version: 6.2
import PackageDescription

/// Each fuzzer: a folder `Sources/<name>` with one file, and one line here that names what it tests.
let fuzzers: [String: [String]] = [
    "FuzzCaptureParser": ["CaptureFiles", "CaptureTestSupport"],
    "FuzzFilter": ["Flows", "Headers", "PacketTestSupport"],
    "FuzzAlertRule": ["Alerts", "Flows"],
    "FuzzDissector": ["Headers", "PacketTestSupport"],
    "FuzzStreamDecompressor": ["ContentCodings"],
    "FuzzStreams": ["Streams", "Events", "Headers", "PacketTestSupport"],
    "FuzzContentCodings": ["ContentCodings"],
    "FuzzIPFIX": ["IPFIX", "Flows"],
    "FuzzFlowMessages": ["IPFIX", "Flows"],
    "FuzzEvents": ["Events", "Octets"],
    "FuzzRecording": ["Events", "Octets"],
    "FuzzSockets": ["Sockets", "Events", "Flows", "Headers", "Octets"],
    "FuzzConversation": ["AppProtocols", "Events"],
    "FuzzHTTP1": ["AppProtocols", "Events"],
    "FuzzWebSocket": ["AppProtocols", "Events"],
    "FuzzHTTP2": ["AppProtocols", "Events"],
    "FuzzHPACK": ["AppProtocols", "Events"],
    "FuzzHandshake": ["TLS", "TLSTestSupport", "Events", "Octets"],
    "FuzzKeyLog": ["TLS"],
    "FuzzEdit": ["Pipeline", "CaptureTestSupport", "Cryptography", "Flows", "KernelIO"],
    "FuzzTLS": ["TLS", "TLSTestSupport", "Events"],
]

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    // libFuzzer brings `main`.
    .unsafeFlags(["-parse-as-library"]),
]

func product(_ name: String) -> Target.Dependency { .product(name: name, package: "netspectra") }

let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "netspectra", path: "..")],
    targets: fuzzers.map { name, products in
        .executableTarget(name: name, dependencies: products.map(product), swiftSettings: settings)
    } + [
        .executableTarget(
            name: "WriteSeeds",
            dependencies: [
                "CaptureTestSupport", "CompressionTestSupport", "PacketTestSupport", "IPFIX", "Flows", "Events",
                "Octets", "TLS", "TLSTestSupport",
            ].map(product),
            swiftSettings: settings)
    ]
)
