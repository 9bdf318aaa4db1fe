"""The C interface from a language that has no compiler for its header: Python's ctypes.

    python ctypes_test.py LIBRARY [unittest's options]
"""

import ctypes
import pathlib
import sys
import unittest

BUNDLED = pathlib.Path(__file__).resolve().parent.parent / "models/fashion-mnist"
LIBRARY = None

ARGUMENT, IO = 6, 1


class SessionOptions(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("threads", ctypes.c_int32),
        ("max_batch", ctypes.c_int32),
        ("run", ctypes.c_void_p),
        ("context", ctypes.c_void_p),
        ("cancellation", ctypes.c_void_p),
    ]


class Prediction(ctypes.Structure):
    _fields_ = [("index", ctypes.c_int32), ("score", ctypes.c_float)]


class CtypesTest(unittest.TestCase):
    def setUp(self):
        self.vit = ctypes.CDLL(LIBRARY)
        for name in ("vit_error_message", "vit_model_label", "vit_model_architecture", "vit_code_name"):
            getattr(self.vit, name).restype = ctypes.c_char_p
        for name in ("vit_model_load", "vit_session_new"):
            getattr(self.vit, name).restype = ctypes.c_void_p
        self.error = ctypes.c_void_p()

    def of(self, error):
        """Code and sentence of the last error, which is freed."""
        code, sentence = self.vit.vit_error_code(error), self.vit.vit_error_message(error).decode()
        self.vit.vit_error_free(error)
        return code, sentence

    def test_classifies(self):
        error = ctypes.byref(self.error)
        model = ctypes.c_void_p(self.vit.vit_model_load(str(BUNDLED).encode(), None, error))
        self.assertTrue(model, self.vit.vit_error_message(self.error))
        options = SessionOptions(size=ctypes.sizeof(SessionOptions), max_batch=3)
        session = ctypes.c_void_p(self.vit.vit_session_new(model, ctypes.byref(options), error))
        self.assertTrue(session, self.vit.vit_error_message(self.error))
        self.assertEqual(self.vit.vit_session_max_batch(session), 3)
        best, count = (Prediction * 2)(), ctypes.c_int32()
        picture = str(BUNDLED / "images/bag.png").encode()
        code = self.vit.vit_session_classify_file(
            session, picture, 2, None, best, ctypes.byref(count), error
        )
        self.assertEqual((code, count.value), (0, 2))
        self.assertEqual(self.vit.vit_model_label(model, best[0].index), b"Bag")
        self.assertGreater(best[0].score, best[1].score)
        self.assertIn(b'"patch_height"', self.vit.vit_model_architecture(model))
        self.vit.vit_session_free(session)
        self.vit.vit_model_free(model)

    def test_says_what_is_wrong(self):
        self.assertFalse(self.vit.vit_model_load(b"no such model", None, ctypes.byref(self.error)))
        code, sentence = self.of(self.error)
        self.assertEqual(code, IO)
        self.assertIn("no such model", sentence)
        self.assertEqual(self.vit.vit_code_name(code), b"io")
        self.assertFalse(self.vit.vit_session_new(None, None, ctypes.byref(self.error)))
        self.assertEqual(self.of(self.error)[0], ARGUMENT)


if __name__ == "__main__":
    LIBRARY = sys.argv.pop(1)
    unittest.main()
