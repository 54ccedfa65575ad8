import Events
import Octets

/// A record of every type, a file of all of them, and recordings with every member.
enum EventSeeds {
    static var records: [String: [UInt8]] {
        var info = BaseInfo()
        info.pid = 1
        info.comm = CommandName(Array("curl".utf8))
        info.fd = 5
        info.sock = 0xFFFF_8881_0066_57C0
        _ = info.setTuple(text: Array("10.0.0.7:51837-93.184.216.34:443".utf8).span)
        let text = Array("GET / HTTP/1.1\r\n\r\n".utf8)
        var secrets = MasterSecretEvent(info: info, tlsVersion: .tls13, cipher: 0x0300_1301, clientRandom: text)
        secrets[.exporter] = text
        let all: [EventRecord] = [
            .sslData(SSLDataEvent(info: info, data: text, tlsVersion: .tls12)),
            .gnutlsData(GnutlsDataEvent(info: info, data: text)), .nsprData(NsprDataEvent(info: info, data: [])),
            .connData(ConnDataEvent(info: info, isDestroy: true)), .masterSecret(secrets),
            .bash(BashEvent(info: info, uid: 0, line: text, returnValue: 0)),
            .mysqld(MysqldEvent(info: info, query: text, fullLength: 300, status: .init(rawValue: 0))),
            .postgres(PostgresEvent(info: info, query: text)),
            .packet(PacketEvent(info: info, interface: 1, wireLength: 60, frame: text)),
            .socketDestroyed(SocketDestroyedEvent(time: 1, sock: 2)), .closed(ClosedEvent(time: 3)),
        ]
        var seeds: [String: [UInt8]] = [:]
        var file = OctetBuffer()
        file.append(recordFileHeaderAt: 1)
        for (index, record) in all.enumerated() {
            var buffer = OctetBuffer()
            record.encode(into: &buffer)
            seeds["record-\(index)"] = [UInt8](buffer)
            record.encode(into: &file)
        }
        seeds["file"] = [UInt8](file)
        return seeds
    }

    static var recordings: [String: [UInt8]] {
        let data = """
            {"Op":"data","DataType":1,"Timestamp":1,"Pid":2,"Tid":3,"Comm":"cu\\u0072l","Fd":5,"Version":771,\
            "DataLen":5,"Tuple":"10.0.0.7:1-10.0.0.8:2","Sock":18446612690100928000,"Payload":"aGVsbG8="}
            """
        let other = #"{"a":[1,-2.5e+3,true,false,null,{"b":"\"\ud83d\ude00"}],"Op":"destroy","Timestamp":-1,"Sock":0}"#
        return ["data": Array(data.utf8), "both": Array("\(data)\r\n\n\(other)\n{\"Op\":\"close\"}".utf8)]
    }
}
