import Testing

/// Every rule is shown to accept what is right and to find what is wrong: a rule that cannot fail checks nothing.
@Suite struct TidyRulesTests {
    private static func swift(_ text: String, in target: String = "Headers") -> SourceFile {
        SourceFile(path: "Sources/\(target)/Example.swift", text: text)
    }

    private static func markdown(_ text: String, at path: String = "docs/guide.md") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test func codeLeavesOutCommentsAndStrings() {
        let file = Self.swift(
            #"""
            let a = 1  // unsafe
            let b = "unsafe \" unsafe"; let c = 2
            let d = """
                unsafe
                """
            unsafe e()
            """#)
        #expect(file.code.map { $0.contains("unsafe") } == [false, false, false, false, false, true])
        #expect(file.code[1].contains("let c"))
    }

    @Test func unsafeOutsideItsHomeIsFound() {
        let text = "// SAFETY: for the test.\nunsafe call()\n"
        #expect(SwiftRules.unsafeStaysHome(Self.swift(text)).map(\.line) == [2])
        #expect(SwiftRules.unsafeStaysHome(Self.swift(text, in: "KernelIO")).isEmpty)
        #expect(SwiftRules.unsafeStaysHome(Self.swift("let unsafely = 1 // unsafe\n")).isEmpty)
    }

    @Test func unsafeWithoutAReasonIsFound() {
        #expect(SwiftRules.unsafeIsJustified(Self.swift("// SAFETY: it is.\nunsafe call()\n")).isEmpty)
        #expect(SwiftRules.unsafeIsJustified(Self.swift("unsafe call()  // SAFETY: it is.\n")).isEmpty)
        #expect(SwiftRules.unsafeIsJustified(Self.swift("\nunsafe call()\n")).map(\.line) == [2])
        let gap = String(repeating: "\n", count: SwiftRules.safetyCommentReach.above)
        let far = "// SAFETY: too far.\n\(gap)unsafe call()\n"
        #expect(SwiftRules.unsafeIsJustified(Self.swift(far)).count == 1)
    }

    @Test(arguments: [
        "import Glibc", "@preconcurrency import Pipeline", "public import KernelIO",
        "import struct SystemPackage.Errno", "@_spi(Testing) import Outputs", "import Synchronization",
    ])
    func impureImportIsFound(declaration: String) {
        #expect(SwiftRules.pureImportsPure(Self.swift("// Why.\n\(declaration)\n")).map(\.line) == [2])
        #expect(SwiftRules.pureImportsPure(Self.swift(declaration, in: "Outputs")).isEmpty)
    }

    @Test func pureImportsOfPureTargetsPass() {
        #expect(SwiftRules.pureImportsPure(Self.swift("import Octets\npublic import Flows\n// import Glibc\n")).isEmpty)
    }

    @Test func unlistedImportIsFound() {
        func violations(_ text: String, in target: String) -> [String] {
            SwiftRules.importsAreListed(Self.swift(text, in: target), siblings: ["Octets"]).map(\.rule)
        }
        #expect(violations("import Octets\nimport CKernelIO\nimport Glibc\n", in: "KernelIO").isEmpty)
        #expect(violations("import ArgumentParser\n", in: "netspectra").isEmpty)
        #expect(violations("import ArgumentParser\n", in: "Outputs").count == 1)
        #expect(violations("import SomethingNew\n", in: "Outputs")[0].contains("no table"))
        #expect(violations("import Foundation\n", in: "netspectra")[0].contains("SystemPackage"))
        #expect(violations("import FoundationEssentials\n", in: "netspectra").count == 1)
    }

    @Test func longFileAndLongLineAreFound() {
        let line = String(repeating: "x", count: SwiftRules.maxColumns)
        #expect(SwiftRules.linesFit(Self.swift(line + "\n")).isEmpty)
        #expect(SwiftRules.linesFit(Self.swift("\n" + line + "x\n")).map(\.line) == [2])
        let text = String(repeating: "\n", count: SwiftRules.maxLines)
        #expect(SwiftRules.isShort(Self.swift(text)).isEmpty)
        #expect(SwiftRules.isShort(Self.swift(text + "\n")).count == 1)
    }

    @Test func markForLaterIsFound() {
        #expect(SwiftRules.leavesNoMarks(Self.swift("// \("TO" + "DO"): later\n")).count == 1)
        #expect(SwiftRules.leavesNoMarks(Self.swift("// A mastodon.\n")).isEmpty)
    }

    @Test(arguments: ["a\tb\n", "a \n", "a\r\n", "a"])
    func untidyTextIsFound(text: String) {
        #expect(TextRules.isClean(Self.markdown(text)).count == 1)
    }

    @Test func tidyTextPasses() {
        #expect(TextRules.isClean(Self.markdown("a\n\nb\n")).isEmpty)
    }

    @Test(arguments: ["Sources/Utils/A.swift", "Sources/Flows/Helpers.swift", "Tests/common/a", "docs/misc.md"])
    func emptyNameIsFound(path: String) {
        #expect(!TextRules.isNamedForItsContents(path: path))
        #expect(TextRules.isNamedForItsContents(path: "Sources/Flows/FlowTable.swift"))
    }

    @Test func deadLinkIsFound() {
        let exists: (String) -> Bool = { ["README.md", "docs/formats.md", "Sources/Flows"].contains($0) }
        func dead(_ text: String) -> [String] {
            TextRules.mentionsExist(Self.markdown(text), exists: exists).map(\.rule)
        }
        #expect(dead("[a](../README.md#top) [b](formats.md) `Sources/Flows`").isEmpty)
        #expect(dead("[a](https://example.org/x) [b](mailto:a@example.org) [c](#here)").isEmpty)
        #expect(dead("[a](README.md)") == ["docs/README.md does not exist"])
        #expect(dead("see `Sources/Gone/A.swift`") == ["Sources/Gone/A.swift does not exist"])
        #expect(dead("`Tests/<Target>Tests` `Sources/*/A.swift`").isEmpty)
        #expect(dead("```\n[a](gone.md)\n```\n[b](gone2.md)").count == 1)
    }

    @Test func unknownMakeTargetIsFound() {
        func unknown(_ text: String) -> [Int] {
            TextRules.makeTargetsExist(Self.markdown(text), targets: ["demo", "test"]).map(\.line)
        }
        #expect(unknown("`make demo`, and make sense\n```\nmake test\n```\n").isEmpty)
        #expect(unknown("`make tea`\n```\nsudo make coffee\n```\n") == [3, 1])
    }
}
