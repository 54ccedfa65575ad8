// Reads records of 16 KiB field by field through encoding/binary, which finds out by reflection what each octet is, as
// eCapture reads its events. What one takes, in microseconds, tells how fast this machine is just now: the median of 31 batches.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"
	"sort"
	"time"
)

type record struct {
	Kind    int64
	Time    uint64
	Process uint32
	Thread  uint32
	Data    [16384]byte
	Length  int32
	Name    [16]byte
	File    uint32
	Version int32
	Medium  uint32
}

func main() {
	octets := make([]byte, binary.Size(record{}))
	var batches []float64
	for range [31]int{} {
		start := time.Now()
		for range [100]int{} {
			one := new(record)
			source := bytes.NewBuffer(octets)
			for _, field := range []any{
				&one.Kind, &one.Time, &one.Process, &one.Thread, &one.Data,
				&one.Length, &one.Name, &one.File, &one.Version, &one.Medium,
			} {
				if err := binary.Read(source, binary.LittleEndian, field); err != nil {
					log.Fatal(err)
				}
			}
		}
		batches = append(batches, float64(time.Since(start).Nanoseconds())/100/1e3)
	}
	sort.Float64s(batches)
	fmt.Printf("%.2f\n", batches[len(batches)/2])
}
