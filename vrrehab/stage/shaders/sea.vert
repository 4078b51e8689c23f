// Water with a low swell. Its far edge is the horizon, beyond what the camera's frustum holds.

uniform mat4 p3d_ViewProjectionMatrix;
uniform mat4 p3d_ViewProjectionMatrixInverse;
uniform vec4 eye_centres[2];

in vec4 p3d_Vertex;
in float depth; // of the water when it is still
in vec3 shallow;
in vec3 deep;
out vec3 position;
out float water;
out vec3 shallows;
out vec3 deeps;
flat out vec3 eye;

// Whole cycles in the clock's four minutes.
const float CYCLE = 0.0261799;

void main() {
    vec4 centre = p3d_ViewProjectionMatrixInverse * eye_centres[gl_InstanceID];
    eye = centre.xyz / centre.w;
    position = p3d_Vertex.xyz;
    float still = exp(-0.03 * length(position.xz)) * smoothstep(0.0, 0.8, depth);
    float swell = 0.030 * sin(26.0 * CYCLE * NOW + 0.80 * position.z + 0.25 * position.x) +
                  0.018 * sin(37.0 * CYCLE * NOW + 1.35 * position.z - 0.42 * position.x) +
                  0.012 * sin(52.0 * CYCLE * NOW + 2.10 * position.z + 0.90 * position.x);
    // It runs up the sand and back, not everywhere at once.
    float run = 0.022 * sin(28.0 * CYCLE * NOW + 0.55 * position.x) + 0.012 * sin(19.0 * CYCLE * NOW - 0.9 * position.x);
    float rise = swell * still + run * (1.0 - smoothstep(0.2, 1.2, depth));
    position.y += rise;
    water = depth + rise;
    shallows = shallow;
    deeps = deep;
    show(p3d_ViewProjectionMatrix * vec4(position, 1.0));
    gl_Position.z = min(gl_Position.z, farthest(gl_Position.w));
}
