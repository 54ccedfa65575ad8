// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built the same way: Swift 6 mode, strict memory safety, and no warning survives.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
]

/// Fuzzers are linked with a `main` that a tool of the build cannot have beside its own; none of them needs probes.
let probePlugins: [Target.PluginUsage] = Context.environment["NETSPECTRA_FUZZ"] == nil ? ["BPFCompile"] : []

let package = Package(
    name: "netspectra",
    products: [
        .executable(name: "netspectra", targets: ["netspectra"]),
        .library(name: "Octets", targets: ["Octets"]),
        .library(name: "Headers", targets: ["Headers"]),
        .library(name: "CaptureFiles", targets: ["CaptureFiles"]),
        .library(name: "Flows", targets: ["Flows"]),
        .library(name: "Sketches", targets: ["Sketches"]),
        .library(name: "Sockets", targets: ["Sockets"]),
        .library(name: "Alerts", targets: ["Alerts"]),
        .library(name: "IPFIX", targets: ["IPFIX"]),
        .library(name: "Streams", targets: ["Streams"]),
        .library(name: "Events", targets: ["Events"]),
        .library(name: "ContentCodings", targets: ["ContentCodings"]),
        .library(name: "AppProtocols", targets: ["AppProtocols"]),
        .library(name: "TLS", targets: ["TLS"]),
        .library(name: "Cryptography", targets: ["Cryptography"]),
        // For the benchmarks, which are a package of their own.
        .library(name: "KernelIO", targets: ["KernelIO"]),
        .library(name: "LiveCapture", targets: ["LiveCapture"]),
        .library(name: "Outputs", targets: ["Outputs"]),
        .library(name: "Pipeline", targets: ["Pipeline"]),
        // For the fuzzers, which are a package of their own.
        .library(name: "CaptureTestSupport", targets: ["CaptureTestSupport"]),
        .library(name: "CompressionTestSupport", targets: ["CompressionTestSupport"]),
        .library(name: "PacketTestSupport", targets: ["PacketTestSupport"]),
        .library(name: "TLSTestSupport", targets: ["TLSTestSupport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Without what needs the whole of Foundation, which is larger than the program.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    ],
    targets: [
        // The pure half: values in, values out. No files, sockets, clocks, threads or `unsafe`.
        .target(name: "Octets", swiftSettings: settings),
        .target(name: "Headers", dependencies: ["Octets"], swiftSettings: settings),
        .target(name: "CaptureFiles", dependencies: ["Octets"], swiftSettings: settings),
        // The one C header that the pure half may import: it asks for memory, and neither reads nor writes it.
        .systemLibrary(name: "CPrefetch", path: "Sources/C/CPrefetch"),
        .target(
            name: "Sketches", dependencies: ["CPrefetch", "Octets"],
            swiftSettings: settings + [.enableExperimentalFeature("SafeInteropWrappers")]),
        .target(name: "Flows", dependencies: ["Octets", "Headers", "Sketches"], swiftSettings: settings),
        .target(name: "Alerts", dependencies: ["Octets", "Headers", "Flows", "Sketches"], swiftSettings: settings),
        .target(name: "IPFIX", dependencies: ["Octets", "Headers", "Flows"], swiftSettings: settings),
        .target(name: "Events", dependencies: ["Octets", "Headers"], swiftSettings: settings),
        .target(name: "AppProtocols", dependencies: ["Octets", "Events"], swiftSettings: settings),
        .target(name: "Streams", dependencies: ["Octets", "Headers", "Events"], swiftSettings: settings),
        .target(name: "TLS", dependencies: ["Octets", "Events"], swiftSettings: settings),
        .target(
            name: "Sockets", dependencies: ["Octets", "Headers", "Flows", "Events"], swiftSettings: settings),
        .target(name: "Synthesis", dependencies: ["Octets", "Headers"], swiftSettings: settings),

        // The machine half: what touches the world, and the only homes of `unsafe`.
        .target(name: "CKernelIO", path: "Sources/C/CKernelIO"),
        // Loads libpcap, libbpf and libcrypto when they are called: they would be a third of every start.
        .target(name: "CLoader", path: "Sources/C/CLoader"),
        .systemLibrary(name: "CZlib", path: "Sources/C/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CZstd", path: "Sources/C/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(
            name: "CBrotli", path: "Sources/C/CBrotli", pkgConfig: "libbrotlidec",
            providers: [.apt(["libbrotli-dev"])]),
        .target(name: "CCrypto", dependencies: ["CLoader"], path: "Sources/C/CCrypto"),
        .target(name: "KernelIO", dependencies: ["CKernelIO", "Octets"], swiftSettings: settings),
        // Programs for the kernel: compiled by the plugin with the toolchain's clang, embedded in `Probes`.
        .target(name: "CLibBPF", dependencies: ["CLoader"], path: "Sources/C/CLibBPF"),
        .systemLibrary(name: "CProbeRecords", path: "Sources/C/CProbeRecords"),
        .executableTarget(name: "bpfc", path: "Plugins/bpfc", swiftSettings: settings),
        .plugin(name: "BPFCompile", capability: .buildTool(), dependencies: ["bpfc"]),
        .target(
            name: "Probes", dependencies: ["CLibBPF", "CProbeRecords", "KernelIO", "Octets"], exclude: ["BPF"],
            swiftSettings: settings, plugins: probePlugins),
        .target(name: "CPcap", dependencies: ["CLoader"], path: "Sources/C/CPcap"),
        .target(
            name: "LiveCapture", dependencies: ["CPcap", "CaptureFiles", "KernelIO"], swiftSettings: settings),
        .target(name: "ContentCodings", dependencies: ["CZlib", "CZstd", "CBrotli"], swiftSettings: settings),
        .target(name: "Cryptography", dependencies: ["CCrypto", "TLS"], swiftSettings: settings),
        .target(
            name: "Pipeline",
            dependencies: [
                "Octets", "Headers", "CaptureFiles", "ContentCodings", "Cryptography", "Flows", "KernelIO", "Events",
                "AppProtocols", "LiveCapture", "Sketches", "Streams", "TLS",
            ],
            swiftSettings: settings),
        .systemLibrary(
            name: "CYAML", path: "Sources/C/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(
            name: "Configuration", dependencies: ["Alerts", "AppProtocols", "CYAML", "Flows", "Headers", "Sketches"],
            swiftSettings: settings),
        .target(
            name: "Outputs",
            dependencies: [
                "Alerts", "Octets", "Headers", "CaptureFiles", "Flows", "IPFIX", "KernelIO", "Events", "AppProtocols",
                "Sketches", "Sockets", "TLS",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: settings),

        .target(name: "CCurl", path: "Sources/C/CCurl"),
        .target(name: "Transfers", dependencies: ["CCurl", "KernelIO"], swiftSettings: settings),
        .target(
            name: "Notifiers", dependencies: ["Alerts", "KernelIO", "Octets", "Outputs", "Transfers"],
            swiftSettings: settings),
        .systemLibrary(
            name: "CSQLite", path: "Sources/C/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(
            name: "Storage",
            dependencies: ["CSQLite", "Octets", "Headers", "Flows", "KernelIO", "Outputs", "Transfers"],
            swiftSettings: settings),

        .executableTarget(
            name: "netspectra",
            dependencies: [
                "Alerts", "Octets", "Headers", "CaptureFiles", "Flows", "IPFIX", "Synthesis", "Configuration",
                "KernelIO", "LiveCapture", "Notifiers", "Pipeline", "Outputs", "AppProtocols", "Cryptography", "Events",
                "Probes", "Sketches", "Sockets", "Storage", "Streams", "TLS",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        .testTarget(
            name: "ConfigurationTests",
            dependencies: ["Alerts", "AppProtocols", "Configuration", "Flows", "Headers", "Sketches"],
            swiftSettings: settings),
        .target(
            name: "MessageTestSupport", dependencies: ["AppProtocols", "Events", "Headers"],
            path: "Tests/MessageTestSupport", swiftSettings: settings),
        .testTarget(
            name: "FlowsTests", dependencies: ["CaptureTestSupport", "Flows", "Headers"], swiftSettings: settings),
        .testTarget(
            name: "AlertsTests", dependencies: ["Alerts", "CaptureTestSupport", "Flows", "Headers", "Sketches"],
            swiftSettings: settings),
        .testTarget(
            name: "NotifiersTests",
            dependencies: ["Alerts", "Flows", "Headers", "KernelIO", "Notifiers", "Outputs", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "SketchesTests", dependencies: ["CaptureTestSupport", "Sketches"], swiftSettings: settings),
        .testTarget(
            name: "StreamsTests",
            dependencies: [
                "CaptureFiles", "CaptureTestSupport", "Events", "Headers", "Octets", "PacketTestSupport", "Streams",
            ],
            swiftSettings: settings),
        .testTarget(name: "SynthesisTests", dependencies: ["Synthesis", "Headers", "Octets"], swiftSettings: settings),
        .testTarget(
            name: "EventsTests", dependencies: ["CaptureTestSupport", "Events", "Headers", "Octets"],
            swiftSettings: settings),
        .testTarget(name: "OctetsTests", dependencies: ["Octets"], swiftSettings: settings),
        .target(
            name: "PacketTestSupport", dependencies: ["CaptureTestSupport", "Headers", "Octets"],
            path: "Tests/PacketTestSupport", swiftSettings: settings),
        .testTarget(
            name: "HeadersTests", dependencies: ["CaptureTestSupport", "Headers", "Octets", "PacketTestSupport"],
            swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: ["CaptureTestSupport", "Flows", "Headers"], path: "Tests/TestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "IPFIXTests",
            dependencies: ["CaptureTestSupport", "IPFIX", "Flows", "Headers", "Octets", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "OutputsTests",
            dependencies: [
                "AppProtocols", "CaptureFiles", "CaptureTestSupport", "Events", "Flows", "Headers", "IPFIX", "KernelIO",
                "MessageTestSupport", "Octets", "Outputs", "Sketches", "Sockets", "TestSupport",
            ],
            swiftSettings: settings),
        .target(
            name: "CaptureTestSupport", dependencies: ["CaptureFiles"], path: "Tests/CaptureTestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "CaptureFilesTests", dependencies: ["CaptureFiles", "CaptureTestSupport", "Octets"],
            swiftSettings: settings),
        // Only tests compress.
        .systemLibrary(
            name: "CBrotliEncoder", path: "Tests/C/CBrotliEncoder", pkgConfig: "libbrotlienc",
            providers: [.apt(["libbrotli-dev"])]),
        .target(
            name: "CompressionTestSupport", dependencies: ["CZlib", "CZstd", "CBrotliEncoder"],
            path: "Tests/CompressionTestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "ContentCodingsTests",
            dependencies: ["CompressionTestSupport", "ContentCodings", "CZlib", "CZstd"],
            swiftSettings: settings),
        .testTarget(
            name: "AppProtocolsTests",
            dependencies: [
                "AppProtocols", "CaptureTestSupport", "ContentCodings", "Events", "MessageTestSupport", "Octets",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SocketsTests", dependencies: ["Events", "Flows", "Headers", "Octets", "Sockets"],
            swiftSettings: settings),
        .testTarget(
            name: "ProbesTests",
            dependencies: ["CProbeRecords", "Events", "Flows", "Headers", "KernelIO", "Octets", "Probes", "Sockets"],
            swiftSettings: settings),
        .target(
            name: "TLSTestSupport", dependencies: ["Events", "TLS"], path: "Tests/TLSTestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "TLSTests", dependencies: ["Cryptography", "Events", "TLS", "TLSTestSupport"],
            swiftSettings: settings),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography", "TLS"], swiftSettings: settings),
        // What the message side as a whole does with recordings, captures and random conversations.
        .testTarget(
            name: "MessageConformanceTests",
            dependencies: [
                "AppProtocols", "CaptureTestSupport", "Cryptography", "Events", "Headers", "KernelIO",
                "MessageTestSupport", "Octets", "Outputs", "Pipeline", "Streams", "TLS",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "CSQLite", "CaptureTestSupport", "Flows", "Headers", "KernelIO", "Octets", "Outputs", "Sketches",
                "Storage", "TestSupport",
            ],
            exclude: ["modern-clickhouse.py"],
            swiftSettings: settings),
        .testTarget(
            name: "KernelIOTests", dependencies: ["KernelIO", "Octets", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Pipeline", "AppProtocols", "Cryptography", "Events", "Octets", "CaptureFiles",
                "CaptureTestSupport", "CompressionTestSupport", "Flows", "Headers", "KernelIO", "PacketTestSupport",
                "Sketches", "Synthesis", "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "CaptureFiles", "CaptureTestSupport", "ContentCodings", "Flows", "Headers", "Pipeline", "Sketches",
            ],
            swiftSettings: settings),
        // Runs the program, and may use Foundation for that.
        .testTarget(
            name: "CommandTests",
            dependencies: ["CompressionTestSupport", "Events", "netspectra", "Octets", "Outputs", "TestSupport"],
            swiftSettings: settings),
        // Reads the work tree, not the targets: the rules of style.
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ]
)
