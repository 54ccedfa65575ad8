import AppProtocols
import Events
import MessageTestSupport
import Octets
import Outputs

/// Records as a format writes them.
func rendered(_ message: Message, _ format: some MessageFormat, info: BaseInfo = SampleMessages.info) -> [UInt8] {
    var buffer = OctetBuffer()
    format.append(message, info, to: &buffer)
    return [UInt8](buffer)
}

func text(_ message: Message, _ format: MessageTextFormat = MessageTextFormat(), info: BaseInfo = SampleMessages.info)
    -> String
{
    String(decoding: rendered(message, format, info: info), as: UTF8.self)
}

/// What stands behind the first line.
func content(_ message: Message, _ format: MessageTextFormat = MessageTextFormat()) -> String {
    let text = text(message, format)
    return String(text[text.index(after: text.firstIndex(of: "\n") ?? text.startIndex)...])
}

func json(_ message: Message, info: BaseInfo = SampleMessages.info) -> String {
    String(decoding: rendered(message, MessageJSONFormat(), info: info), as: UTF8.self)
}
