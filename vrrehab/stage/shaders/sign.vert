// Flat signs: plates with rounded corners, and letters.

uniform mat4 p3d_ModelViewProjectionMatrix;

in vec4 p3d_Vertex;
in vec4 p3d_Color;
in vec4 rectangle; // where in its own rectangle, and that rectangle's half size, metres; of letters in their texture
in float button;   // index into `button_look`, -1 for another plate, -2 for letters, -3 for bold ones
out vec4 colour;
out vec2 at;
flat out vec2 half_size;
flat out int which;

void main() {
    colour = p3d_Color;
    at = rectangle.xy;
    half_size = rectangle.zw;
    which = int(button);
    show(p3d_ModelViewProjectionMatrix * p3d_Vertex);
}
