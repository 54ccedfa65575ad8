/// Why a text is not the YAML that settings are written in.
struct YAMLSyntaxFailure: Error, Equatable {
    var message: String
    var place: YAMLNode.Place
}
