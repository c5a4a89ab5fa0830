"""Recognise, measure, split and join audio files, with nothing but the standard library.

Nothing here decodes compressed audio: files are cut and joined at the borders their format has anyway.
"""

from modelbay.sdk.audio.duration import duration
from modelbay.sdk.audio.formats import AudioFormat, detect_format
from modelbay.sdk.audio.join import Joiner, join
from modelbay.sdk.audio.split import split_at_silence
from modelbay.sdk.audio.wav import Wav, WavFormat, read_wav, wav_header, write_wav

__all__ = [
    "AudioFormat",
    "Joiner",
    "Wav",
    "WavFormat",
    "detect_format",
    "duration",
    "join",
    "read_wav",
    "split_at_silence",
    "wav_header",
    "write_wav",
]
