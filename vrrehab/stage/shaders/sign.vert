// Flat signs: plates with rounded corners (PLATE) and letters.

uniform mat4 p3d_ModelViewProjectionMatrix;

in vec4 p3d_Vertex;
in vec4 p3d_Color;
out vec4 colour;

#ifdef PLATE
in vec4 rectangle; // where in its own rectangle, and that rectangle's half size, metres
in float button;   // index into `button_look`, or -1 for a plate that is no button
out vec2 at;
flat out vec2 half_size;
flat out int which;
#else
in vec2 p3d_MultiTexCoord0;
out vec2 at;
#endif

void main() {
    colour = p3d_Color;
#ifdef PLATE
    at = rectangle.xy;
    half_size = rectangle.zw;
    which = int(button);
#else
    at = p3d_MultiTexCoord0;
#endif
    show(p3d_ModelViewProjectionMatrix * p3d_Vertex);
}
