"""Reading sound: decode, mix to mono, resample, cut into segments, write. Free of torch.

A waveform is a float32 array `(n_samples,)`, mono, nominally in [-1, 1]: lossy formats and float files may reach a
little beyond, and are left as they are.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
