import CaptureFiles
import Cryptography
import KernelIO
import Outputs
import TLS

/// How fast captures are written and opened, each beside its goal.
print("| part | measured | goal | verdict |\n|---|---:|---:|---|")
print(try Writing.row())
print(Opening.row())
