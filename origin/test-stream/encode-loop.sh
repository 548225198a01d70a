#!/usr/bin/env bash
# Encodes loop/: 8 seconds of picture and sound as CMAF segments of 2 s, made so that they follow themselves for ever.
# Needs Debian's ffmpeg (bookworm, 5.1) and fonts-dejavu-core. Run it in the checkout, then commit what it writes.
set -euo pipefail
cd "$(dirname "$0")"

# 8 s: the shortest time that is a whole number both of 2-second segments and of AAC frames (375 of 1024 at 48 kHz).
seconds=8
fps=25
frames=$((seconds * fps))
font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ffmpeg() { command ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }

# The picture, once, at full size and without loss. Everything that moves does so with a period of the loop or a divisor
# of it. The clock shows seconds within the loop: what is baked in cannot know the time of day.
# The white square lights up with each beep, half a second past each full one, away from the seam.
master() {
  ffmpeg -f lavfi -i "nullsrc=s=320x180:r=$fps:d=$seconds,format=gbrp,geq=\
r='40+24*sin(X/37+2*PI*N/$frames)+16*sin((X+Y)/29-4*PI*N/$frames)':\
g='56+24*sin(Y/23-2*PI*N/$frames)+16*sin((X-Y)/41+2*PI*N/$frames)':\
b='96+32*sin((X+2*Y)/47+4*PI*N/$frames)+16*cos(X/19-2*PI*N/$frames)',scale=1280:720:flags=bicubic" \
    -f lavfi -i "smptehdbars=s=1280x72:r=$fps:d=$seconds,scroll=h=1/$frames" \
    -f lavfi -i "color=c=0xffb000:s=24x24:r=$fps:d=$seconds" \
    -f lavfi -i "color=c=white:s=96x96:r=$fps:d=$seconds" \
    -filter_complex "\
[0][1]overlay=x=0:y=648[bars];\
[bars][2]overlay=x='628+300*sin(2*PI*t/4)':y='348-230*cos(2*PI*t/4)':eval=frame[ball];\
[ball][3]overlay=x=1136:y=48:enable='between(mod(n,$fps),12,14)'[flash];\
[flash]drawtext=fontfile=$font:fontsize=150:fontcolor=white:box=1:boxcolor=black@0.45:boxborderw=24:x=(w-tw)/2:y=(h-th)/2-20:\
text='%{eif\:floor(n/$fps)\:d}.%{eif\:mod(n,$fps)*100/$fps\:d\:2} s',\
drawtext=fontfile=$font:fontsize=44:fontcolor=white:x=48:y=48:text='Undercard test stream',\
noise=c0s=7:c0f=t:c0_seed=1,format=yuv420p" \
    -frames:v "$frames" -c:v ffv1 -color_primaries bt709 -color_trc bt709 -colorspace bt709 "$work/master.mkv"
}

# No B-frames: decode order is presentation order, so time stamps begin at 0 without an edit list. One IDR a segment.
# One thread: with more, two passes under a rate bound do not give the same bytes each time.
video() {
  local id=$1 size=$2 profile=$3 kbps=$4
  local height=${size#*x}
  local x264="keyint=50:min-keyint=50:scenecut=0:open-gop=0:bframes=0:vbv-maxrate=$kbps:vbv-bufsize=$kbps"
  local encode=(-i "$work/master.mkv" -vf "scale=${size/x/:}:flags=lanczos,setsar=1,drawtext=fontfile=$font:fontsize=$height/16:\
fontcolor=white:x=$height/15:y=$height/15+$height/12:text='$id  $size  $fps fps'"
    -c:v libx264 -preset slow -profile:v "$profile" -threads 1 -b:v "${kbps}k" -x264-params "$x264"
    -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv -passlogfile "$work/$id")
  ffmpeg "${encode[@]}" -pass 1 -f null -
  ffmpeg "${encode[@]}" -pass 2 -bsf:v filter_units=remove_types=6 "$work/$id.mp4"
  segment "$id" -i "$work/$id.mp4"
}

# The sound is encoded three times over and the middle round kept: its first frame overlaps with the end of the round
# before, exactly as it will at the seam. Frame 0 is the encoder's priming, so the round is frames 376 to 750.
audio() {
  local id=$1 kbps=$2
  local beep="0.35*sin(2*PI*if(lt(mod(t,$seconds),1),1320,880)*t)*between(mod(t,1),0.48,0.6)*pow(sin(PI*(mod(t,1)-0.48)/0.12),2)"
  local pad="0.02*(sin(2*PI*220*t)+sin(2*PI*277*t)+sin(2*PI*330*t))*(1-0.5*cos(2*PI*t/4))"
  ffmpeg -f lavfi -i "aevalsrc='$beep+$pad|$beep+$pad*cos(2*PI*t/$seconds)':s=48000:d=$((3 * seconds))" \
    -c:a aac -b:a "${kbps}k" -f adts "$work/rounds.aac"
  ffmpeg -i "$work/rounds.aac" -c copy -bsf:a "noise=drop='lt(n,376)+gte(n,751)'" -f adts "$work/$id.aac"
  segment "$id" -i "$work/$id.aac" -bsf:a aac_adtstoasc -metadata:s:a:0 language=eng
}

# One moof and mdat a segment, cut at the first frame at or after each full 2 s.
segment() {
  local id=$1
  shift
  mkdir -p "loop/$id"
  (cd "loop/$id" && ffmpeg "$@" -c copy -map_metadata -1 -fflags +bitexact -f hls -hls_time 2 -hls_playlist_type vod \
    -hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4 -hls_segment_filename '%d.m4s' \
    -hls_segment_options movflags=+cmaf+skip_sidx loop.m3u8 && rm loop.m3u8)
}

rm -rf loop
master
video v240 426x240 main 250
video v360 640x360 main 700
video v720 1280x720 high 1500
audio a64 64
../../node_modules/.bin/node describe-loop.ts
