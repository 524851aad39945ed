package model

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

func TestSmoke(t *testing.T) {
	s := scenario.Default()
	s.People.Count, s.People.Places = 10000, 50
	s.People.Intents = 0.3
	s.Vendors.Count, s.Vendors.Categories, s.Vendors.Places = 1000, 2, 1
	s.Market.Incumbent, s.Market.Fee = 0.6, 0.15
	s.Adoption.Rule = "utility"
	s.Adoption.P, s.Adoption.Q = 0.0, 0.1
	s.Adoption.PerEdge = true
	s.Adoption.Patience = 8
	s.Network.Kind = "block"
	s.Protocol.Sharded = true
	for _, seeding := range []string{"random", "place", "influential", "category"} {
		for _, seeds := range []int{50, 200, 500, 1000, 2000} {
			s.Adoption.Seeds, s.Adoption.Seeding = seeds, seeding
			start := time.Now()
			out, err := New().Run(context.Background(), s, 1, nil)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Println(seeding, seeds, time.Since(start))
			show := map[string]float64{}
			for _, v := range out.Values {
				show[v.Name] = v.Number
			}
			if seeds == 1000 && seeding == "random" {
				b, _ := json.Marshal(show)
				fmt.Println(string(b))
			}
			for _, x := range out.Series {
				if x.Name == "people" || x.Name == "vendors" || x.Name == "fill_members" || x.Name == "gain_person" || x.Name == "gain_vendor" {
					fmt.Print(x.Name, " ")
					for i := 0; i < len(x.At); i += 6 {
						fmt.Printf("%.4g ", x.At[i])
					}
					fmt.Println()
				}
			}
		}
	}
}
