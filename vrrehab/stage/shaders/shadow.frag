#ifdef FADES
flat in float shown;
#endif

in float height;
out vec4 moments;

void main() {
    if (height < 0.0) discard;
#ifdef FADES
    moments = vec4(height, height * height, 0.0, shown);
#else
    moments = vec4(height, height * height, 0.0, 1.0);
#endif
}
