// What the window sees of limbs: their height over the table along the light.

uniform mat4 p3d_ViewProjectionMatrix;
uniform mat4 p3d_ModelMatrix;
uniform vec4 scene[16];

in vec4 p3d_Vertex;
out float height;

#ifdef SKINNED
uniform mat4 palette[96];
in uvec4 joint;
in vec4 weight;
in uvec4 piece;
uniform float opacity[PARTS];
uniform vec4 sizes[PARTS]; // what a virtual limb is enlarged about, and how much
uniform vec2 drawn;
in float beyond;
out float past;
#elif defined(FADES)
uniform float opacity;
#endif
#ifdef FADES
flat out float shown;
#endif
#ifdef TARGETS
uniform vec4 target_place[24];
in float target_index;
#endif

void main() {
#ifdef SKINNED
    float solid = opacity[piece.x];
    past = beyond;
    if (!(solid > drawn.x && solid <= drawn.y)) {
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
        return;
    }
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
    vec3 position = place.xyz + place.w * p3d_Vertex.xyz;
#else
    vec3 position = (world * vec4(p3d_Vertex.xyz, 1.0)).xyz;
#ifdef SKINNED
    vec4 size = sizes[piece.x];
    position += (position - size.xyz) * (size.w - 1.0) * smoothstep(0.0, 0.05, beyond);
#endif
#endif
    height = (position.y - scene[2].w) / scene[1].y;
    gl_Position = p3d_ViewProjectionMatrix * vec4(position, 1.0);
}
