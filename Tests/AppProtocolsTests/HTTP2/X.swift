import Testing
@testable import AppProtocols

