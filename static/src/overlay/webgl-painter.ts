/**
 * Hexagons by WebGL2: one instance a hexagon, its frame byte in an R8 texture, its colour in a palette texture.
 *
 * A new frame is one texSubImage2D of the bytes as they came; nothing is computed per hexagon in the script.
 * Corners are uploaded relative to an origin: whole half-metres, exact in 32-bit floats. The origin's own place on
 * the screen is computed in double precision.
 */
import type { HexagonGeometry } from "../wire/geometry";
import { pixelsPerHalfMetre, toWorldPixels, type Point } from "../wire/mercator";
import type { View } from "./canvas-overlay";
import { PATTERN_PERIOD_PX, type HexagonPainter } from "./painter";
import type { HexagonPalette } from "./palette";

const TEXTURE_WIDTH = 256;

const VERTEX_SHADER = `#version 300 es
layout(location = 0) in vec4 corners01;
layout(location = 1) in vec4 corners23;
layout(location = 2) in vec4 corners45;
uniform vec2 origin_px;
uniform vec2 size_px;
uniform float scale;
uniform sampler2D levels;
flat out int code;
void main() {
  int corner = gl_VertexID;
  vec4 pair = corner < 2 ? corners01 : corner < 4 ? corners23 : corners45;
  vec2 at = (corner & 1) == 0 ? pair.xy : pair.zw;
  vec2 px = origin_px + vec2(at.x, -at.y) * scale;
  gl_Position = vec4(px / size_px * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
  code = int(texelFetch(levels, ivec2(gl_InstanceID & 255, gl_InstanceID >> 8), 0).r * 255.0 + 0.5);
}`;

const FRAGMENT_SHADER = `#version 300 es
precision highp float;
flat in int code;
uniform sampler2D palette;
uniform vec2 phase_px;
uniform float pixel_ratio;
uniform float height;
uniform float period;
out vec4 colour;
void main() {
  vec4 paint = texelFetch(palette, ivec2(code, 0), 0);
  vec2 px = vec2(gl_FragCoord.x, height - gl_FragCoord.y) / pixel_ratio + phase_px;
  if (code == 0) {
    paint.a *= 1.0 - smoothstep(0.9, 1.5, mod(px.x + px.y, period));
  } else if (code == 1) {
    paint.a *= 1.0 - smoothstep(1.1, 1.7, length(mod(px, period) - period / 2.0));
  }
  colour = vec4(paint.rgb * paint.a, paint.a);
}`;

export function webglPainter(canvas: HTMLCanvasElement, geometry: HexagonGeometry): HexagonPainter | null {
  const gl = canvas.getContext("webgl2", { alpha: true, antialias: true, premultipliedAlpha: true });
  if (!gl) return null;
  try {
    return new WebglPainter(gl, geometry);
  } catch {
    return null;
  }
}

class WebglPainter implements HexagonPainter {
  readonly kind = "webgl2";
  readonly #program: WebGLProgram;
  readonly #origin: Point;
  readonly #rows: number;
  readonly #padded: Uint8Array;
  #palette: HexagonPalette | null = null;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly geometry: HexagonGeometry,
  ) {
    this.#origin = { x: geometry.centres[0] ?? 0, y: geometry.centres[1] ?? 0 };
    this.#rows = Math.max(1, Math.ceil(geometry.count / TEXTURE_WIDTH));
    this.#padded = new Uint8Array(this.#rows * TEXTURE_WIDTH);
    this.#program = linkProgram(gl);
    this.#prepare();
  }

  setLevels(levels: Uint8Array): void {
    this.#padded.set(levels.subarray(0, this.geometry.count));
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, TEXTURE_WIDTH, this.#rows, gl.RED, gl.UNSIGNED_BYTE, this.#padded);
  }

  setPalette(palette: HexagonPalette): void {
    this.#palette = palette;
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette.colours);
  }

  paint(view: View): void {
    const { gl } = this;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.#palette || this.geometry.count === 0) return;
    this.#setView(view);
    gl.drawArraysInstanced(gl.TRIANGLE_FAN, 0, 6, this.geometry.count);
  }

  #prepare(): void {
    const { gl } = this;
    gl.useProgram(this.#program);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND); // hexagons do not overlap
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.#uploadCorners();
    this.#makeTexture(gl.TEXTURE0);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R8, TEXTURE_WIDTH, this.#rows);
    this.#makeTexture(gl.TEXTURE1);
    gl.uniform1i(this.#uniform("levels"), 0);
    gl.uniform1i(this.#uniform("palette"), 1);
    gl.uniform1f(this.#uniform("period"), PATTERN_PERIOD_PX);
  }

  #uploadCorners(): void {
    const { gl } = this;
    const relative = Float32Array.from(this.geometry.corners, (value, at) =>
      at % 2 === 0 ? value - this.#origin.x : value - this.#origin.y,
    );
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, relative, gl.STATIC_DRAW);
    for (const location of [0, 1, 2]) {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, 4, gl.FLOAT, false, 48, location * 16);
      gl.vertexAttribDivisor(location, 1);
    }
  }

  #makeTexture(unit: number): void {
    const { gl } = this;
    gl.activeTexture(unit);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  #setView(view: View): void {
    const { gl } = this;
    const origin = toWorldPixels(this.#origin, view.zoom);
    gl.uniform2f(this.#uniform("origin_px"), origin.x - view.topLeft.x, origin.y - view.topLeft.y);
    gl.uniform2f(this.#uniform("size_px"), view.width, view.height);
    gl.uniform1f(this.#uniform("scale"), pixelsPerHalfMetre(view.zoom));
    gl.uniform2f(this.#uniform("phase_px"), view.topLeft.x % PATTERN_PERIOD_PX, view.topLeft.y % PATTERN_PERIOD_PX);
    gl.uniform1f(this.#uniform("pixel_ratio"), view.pixelRatio);
    gl.uniform1f(this.#uniform("height"), gl.drawingBufferHeight);
  }

  #uniform(name: string): WebGLUniformLocation | null {
    return this.gl.getUniformLocation(this.#program, name);
  }
}

function linkProgram(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
  ] as const) {
    const shader = gl.createShader(type) as WebGLShader;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "no program");
  return program;
}
