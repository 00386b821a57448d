"""Why a classifier decides as it does: which times and frequencies speak for a class, what each layer sees."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
