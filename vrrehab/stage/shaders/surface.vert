// Everything solid: the room (BAKED), limbs (SKINNED) and other moving things.

uniform mat4 p3d_ViewProjectionMatrix;
uniform mat4 p3d_ViewProjectionMatrixInverse;
uniform vec4 eye_centres[2]; // where an eye is, in clip space: where x, y and w of its own vanish
uniform mat4 p3d_ModelMatrix;

in vec4 p3d_Vertex;
in vec3 p3d_Normal;
out vec3 position;
out vec3 normal;
flat out vec3 eye;

#ifdef RELIEF
in vec2 p3d_MultiTexCoord0;
out vec2 skin_at;
#endif

#ifdef BAKED
in vec3 albedo;
#ifdef OUTDOORS
in vec4 sun_share; // of the sun's light at the hours of the day; w: how far the wind moves it
in vec2 sky_share; // of the light from above and from below
#else
in vec3 window_light;
in vec3 room_light;
#endif
in vec4 finish;
in vec2 p3d_MultiTexCoord0;
out vec3 base;
out vec3 from_window;
out vec3 from_room;
out vec4 surface_finish;
out vec2 pattern_at;
#else
in vec4 p3d_Color;
out vec4 colour;
#endif

#ifdef SKINNED
uniform mat4 palette[96];
in uvec4 joint;
in vec4 weight;
in uvec4 piece; // its part, its surface
uniform float opacity[PARTS];
uniform vec4 sizes[PARTS]; // what a virtual limb is enlarged about, and how much
uniform vec2 drawn; // parts more solid than x and at most as solid as y
uniform vec4 surfaces[SURFACES];
flat out vec4 surface;
in float beyond; // the residual limb's end, metres along the limb
out float past;
#elif defined(FADES)
uniform float opacity;
#endif
#ifdef FADES
flat out float shown;
#endif

#ifdef TARGETS
uniform vec4 target_place[24];
uniform vec4 target_look[24];
in float target_index;
out vec3 glow;
#endif
#ifdef GLOWS
uniform vec4 glowing[1];
out vec3 glow;
#endif

void main() {
#ifdef SKINNED
    float solid = opacity[piece.x];
    if (!(solid > drawn.x && solid <= drawn.y)) {
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0); // outside
        return;
    }
    surface = surfaces[piece.y];
    past = beyond;
#ifdef RELIEF
    skin_at = p3d_MultiTexCoord0;
#endif
#elif defined(FADES)
    float solid = opacity;
#endif
#ifdef FADES
    shown = solid;
#endif
#ifdef SKINNED
    mat4 world = p3d_ModelMatrix * (palette[joint.x] * weight.x + palette[joint.y] * weight.y +
                                    palette[joint.z] * weight.z + palette[joint.w] * weight.w);
#else
    mat4 world = p3d_ModelMatrix;
#endif
#ifdef TARGETS
    vec4 place = target_place[int(target_index)];
    position = place.xyz + place.w * p3d_Vertex.xyz;
    normal = p3d_Normal;
    vec4 look = target_look[int(target_index)];
    colour = vec4(look.rgb, 1.0);
    glow = look.rgb * look.rgb * look.a;
#else
    position = (world * vec4(p3d_Vertex.xyz, 1.0)).xyz;
#ifdef SKINNED
    vec4 size = sizes[piece.x];
    position += (position - size.xyz) * (size.w - 1.0) * smoothstep(0.0, 0.05, beyond);
#endif
    normal = mat3(world) * p3d_Normal;
#ifndef BAKED
    colour = p3d_Color;
#endif
#ifdef GLOWS
    glow = glowing[0].rgb;
#endif
#endif
#ifdef BAKED
    base = albedo;
    surface_finish = finish;
#ifdef OUTDOORS
    // Whole cycles in four minutes, so that the clock may begin again there; never in step with each other.
    float breeze = sin(0.7330 * NOW + 0.9 * position.x) + 0.6 * sin(1.1257 * NOW + 1.7 * position.z);
    position.xz += sun_share.w * breeze * vec2(0.8, 0.5);
    from_window = SUN * dot(sun_share.xyz, HOURS);
    from_room = FROM_ABOVE * sky_share.x + FROM_BELOW * sky_share.y;
    if (finish.y > 0.0) {
        // Rough and small, or far: lit here, and the paler the more air is before it.
        base = mix(albedo * (from_window + from_room), HORIZON, finish.y - 1.0);
        surface_finish.y = 1.0;
    }
#else
    from_window = window_light * SUN;
    from_room = room_light * FROM_ABOVE;
    // What glows by more than itself is the day outside the window.
    if (finish.y > 1.0) base *= SUN;
#endif
    pattern_at = p3d_MultiTexCoord0;
#endif
    vec4 centre = p3d_ViewProjectionMatrixInverse * eye_centres[gl_InstanceID];
    eye = centre.xyz / centre.w;
    show(p3d_ViewProjectionMatrix * vec4(position, 1.0));
#ifdef OUTDOORS
    gl_Position.z = min(gl_Position.z, farthest(gl_Position.w));
#endif
}
