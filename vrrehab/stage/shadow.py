"""The limbs' soft shadow: drawn once a frame from the window's side, read by every eye and display.

Only what moves is in it (`Stage.movers`); what the room shades by standing there is part of its baked daylight.
"""

from __future__ import annotations

import numpy as np
from panda3d import core

from vrrehab.stage.engine import engine
from vrrehab.stage.material import SHADOW_EXTENT_M, SHADOW_MASK, SHADOW_TAG, Materials

#: Where the shadow's square is centred in session space: between the body and the table's far edge.
_CENTRE = (0.0, -0.5)
_NEAR_M, _FAR_M = 0.2, 3.0


class Shadow:
    """A fixed orthographic camera along the key light and the texture that it fills."""

    def __init__(self, materials: Materials, movers: core.NodePath, root: core.NodePath) -> None:
        self._size = materials.tier.shadow_size
        self.texture = core.Texture("shadow moments")
        self.texture.set_minfilter(core.SamplerState.FT_linear_mipmap_linear)
        self.texture.set_wrap_u(core.SamplerState.WM_border_color)
        self.texture.set_wrap_v(core.SamplerState.WM_border_color)
        self.texture.set_border_color((0, 0, 0, 0))
        self._buffer: core.GraphicsOutput | None = None
        lens = core.OrthographicLens()
        lens.film_size = (SHADOW_EXTENT_M, SHADOW_EXTENT_M)
        lens.set_near_far(_NEAR_M, _FAR_M)
        camera = core.Camera("shadow", lens)
        camera.camera_mask = SHADOW_MASK
        states = materials.shadow_states()
        camera.initial_state = states.pop("")
        camera.tag_state_key = SHADOW_TAG
        for tag, state in states.items():
            camera.set_tag_state(tag, state)
        camera.set_scene(movers)
        self._camera = movers.attach_new_node(camera)
        self._materials, self._movers, self._root, self._lens = materials, movers, root, lens
        root.set_shader_input("shadow_map", self.texture)
        self.aim()

    def aim(self) -> None:
        """Look along the key light as it is now."""
        light = self._materials.light
        centre = np.array([_CENTRE[0], light.table_top_m, _CENTRE[1]])
        self._camera.set_pos(*(centre + 1.5 * light.key_direction))
        self._camera.look_at(*centre)
        # Clip space to texture space in x and y; z is not used.
        to_texture = core.LMatrix4(0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1, 0, 0.5, 0.5, 0, 1)
        from_world = self._movers.get_mat(self._camera) * self._lens.get_projection_mat() * to_texture
        self._root.set_shader_input("shadow_from_world", from_world)

    def draw_before(self, host: core.GraphicsOutput) -> None:
        """Have the map drawn each frame before the outputs that share `host`'s graphics context.

        The first host stays until `close`.
        """
        if self._buffer is not None:
            return
        properties = core.FrameBufferProperties()
        properties.rgb_color = True
        properties.float_color = True
        properties.set_rgba_bits(16, 16, 0, 0)
        properties.depth_bits = 16
        self._buffer = engine().output("shadow", (self._size, self._size), properties, sort=-100, host=host)
        self._buffer.add_render_texture(
            self.texture, core.GraphicsOutput.RTM_bind_or_copy, core.GraphicsOutput.RTP_color
        )
        self._buffer.set_clear_color((0, 0, 0, 0))
        self._buffer.make_display_region().set_camera(self._camera)

    def close(self) -> None:
        if self._buffer is not None:
            engine().graphics.remove_window(self._buffer)
            self._buffer = None
