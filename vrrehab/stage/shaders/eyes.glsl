// One draw for all eyes: what is drawn once for each, as an instance, goes from the camera's clip space to the eye's part
// of the picture. A camera that is an eye itself draws one instance, which this leaves where it is.

uniform mat4 eye_pictures[2];
uniform vec4 eye_edges[2]; // where this is negative another eye's part of the picture begins

invariant gl_Position;

void show(vec4 in_camera) {
    gl_Position = eye_pictures[gl_InstanceID] * in_camera;
    gl_ClipDistance[0] = dot(eye_edges[gl_InstanceID], gl_Position);
}
