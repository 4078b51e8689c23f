// The dark under a thing that touches the ground.

uniform mat4 p3d_ModelViewProjectionMatrix;

in vec4 p3d_Vertex;
in vec4 p3d_Color;
out float dark;

void main() {
    dark = p3d_Color.a;
    show(p3d_ModelViewProjectionMatrix * p3d_Vertex);
}
