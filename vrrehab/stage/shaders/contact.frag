// Light taken away from what lies below, and nothing of it in the calm scene.

in float dark;
out vec4 pixel;

void main() {
    pixel = vec4(0.0, 0.0, 0.0, dark * (1.0 - MIST));
}
