import Headers
import Testing
