import Testing

/// The rules of style, applied to the work tree.
@Suite struct TidyTests {
    private static func expectNone(_ violations: [Violation]) {
        for violation in violations { Issue.record("\(violation)") }
    }

    @Test func unsafeStaysWhereItIsReviewed() throws {
        for file in try ProjectTree.files(under: ["Sources"], suffix: ".swift") {
            Self.expectNone(SwiftRules.unsafeStaysHome(file) + SwiftRules.unsafeIsJustified(file))
        }
    }

    @Test func importsFollowTheArchitecture() throws {
        for file in try ProjectTree.files(under: ["Sources"], suffix: ".swift") {
            Self.expectNone(
                SwiftRules.pureImportsPure(file)
                    + SwiftRules.importsAreListed(file, siblings: ProjectTree.siblings))
        }
    }

    @Test func swiftFilesAreShortAndNarrow() throws {
        let files = try ProjectTree.files(suffix: ".swift")
        #expect(!files.isEmpty)
        for file in files { Self.expectNone(SwiftRules.isShort(file) + SwiftRules.linesFit(file)) }
    }

    @Test func sourcesLeaveNothingForLater() throws {
        for file in try ProjectTree.files(under: ["Sources"], suffix: "") {
            Self.expectNone(SwiftRules.leavesNoMarks(file))
        }
    }

    @Test(arguments: [".swift", ".md", ".sh", ".py", ".c", ".h", ".yaml", ".yml"])
    func textIsClean(suffix: String) throws {
        for file in try ProjectTree.files(suffix: suffix) { Self.expectNone(TextRules.isClean(file)) }
    }

    @Test func scriptsAreCleanAndCanBeRun() throws {
        for file in try ProjectTree.files(under: ["Scripts", ".ci"], suffix: "") {
            Self.expectNone(TextRules.isClean(file))
            #expect(ProjectTree.isExecutable(file.path), "\(file.path) is not executable")
        }
    }

    @Test func foldersAndFilesAreNamedForTheirContents() {
        for path in ProjectTree.paths where path.contains("/") && !path.contains("/Fixtures/") {
            #expect(TextRules.isNamedForItsContents(path: path), "\(path): put it where it is used")
        }
    }

    @Test func documentationMentionsWhatExists() throws {
        let targets = try ProjectTree.makefileTargets()
        let files = try ProjectTree.files(suffix: ".md")
        #expect(!files.isEmpty && targets.isSuperset(of: ["demo", "test"]))
        for file in files {
            Self.expectNone(
                TextRules.mentionsExist(file, exists: ProjectTree.exists)
                    + TextRules.makeTargetsExist(file, targets: targets))
        }
    }

    /// What a reader of the README can run is what the Makefile offers.
    @Test func readmeNamesEveryCommand() throws {
        let readme = try ProjectTree.file("README.md").lines.joined(separator: "\n")
        for target in try ProjectTree.makefileTargets() {
            #expect(readme.contains("make \(target)"), "README.md does not name `make \(target)`")
        }
    }

    /// What the manifest asks of Debian is what `make setup` installs.
    @Test func setupInstallsWhatTheManifestNeeds() throws {
        let manifest = try ProjectTree.file("Package.swift").lines.joined(separator: "\n")
        let setup = try ProjectTree.file("Scripts/setup").lines.joined(separator: "\n")
        for provider in manifest.matches(of: /\.apt\(\["([^"]+)"/).map({ String($0.1) }) {
            #expect(setup.contains(provider), "Scripts/setup does not install \(provider)")
        }
    }
}
