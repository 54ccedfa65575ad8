import Synthesis
