#ifdef FADES
uniform float opacity;
#endif

in float height;
out vec4 moments;

void main() {
    if (height < 0.0) discard;
#ifdef FADES
    moments = vec4(height, height * height, 0.0, opacity);
#else
    moments = vec4(height, height * height, 0.0, 1.0);
#endif
}
