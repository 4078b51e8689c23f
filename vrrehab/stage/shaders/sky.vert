// The sky: all round the eye wherever it is, and behind everything.

uniform mat4 p3d_ViewProjectionMatrix;
uniform mat4 p3d_ViewProjectionMatrixInverse;
uniform vec4 eye_centres[2];

in vec4 p3d_Vertex;
out vec3 way;

void main() {
    vec4 centre = p3d_ViewProjectionMatrixInverse * eye_centres[gl_InstanceID];
    way = p3d_Vertex.xyz;
    show(p3d_ViewProjectionMatrix * vec4(centre.xyz / centre.w + 20.0 * p3d_Vertex.xyz, 1.0));
    gl_Position.z = 0.99999 * gl_Position.w;
}
