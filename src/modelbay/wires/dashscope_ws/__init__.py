"""DashScope's websocket for speech: Paraformer writes it down, CosyVoice and Sambert speak.

Source: what the vendor's SDK 2.0.2 sends and reads, gathered 2026-11-21. One conversation holds one task.
A model that is spoken to by it says `family: dashscope_ws` in its `wire` section.

Options:

| option | of | meaning | default |
|---|---|---|---|
| `sample_rate` | speech2text | samples per second of recordings that do not tell | 16000 |
| `sample_rate` | tts | samples per second of the speech | 22050 |
| `one_way` | tts | the text is sent when the task begins (Sambert) | false |
"""

from __future__ import annotations

from modelbay.wires.dashscope_ws.speech import Synthesis
from modelbay.wires.dashscope_ws.transcription import Recognition
from modelbay.wires.family import Family

FAMILY = Family("dashscope_ws", transcription=Recognition(), speech=Synthesis())
